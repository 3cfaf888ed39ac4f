"""Points measured on virtual devices: what they verified stands, what they took is nobody's figure."""

from __future__ import annotations

import re
from dataclasses import replace

from tpscale_analysis.point import Point, Value, Values

MARK = "virtual"
NO_FIGURE = "virtual device: no performance figure"
_DEVICE_NAME = "Virtual "  # begins the name of whatever only acts as a device
_RATE = re.compile(r"/s\b")
_TIME = re.compile(r"\d ?(ns|us|µs|ms)\b")
_MEASURED_FACT = re.compile(r"(_bandwidth|_rate|_peak|_seconds)(_|$)")


def is_virtual(point: Point) -> bool:
    device = str(point.hardware.get("device_name", ""))
    return MARK in point.marks or device.startswith(_DEVICE_NAME)


def without_figures(point: Point) -> Point:
    """The point itself, or of a virtual device: its parameters, statuses, verdicts and tokens alone."""
    if not is_virtual(point):
        return point
    names = sorted({*point.results, *point.absent})
    return replace(
        point,
        marks=tuple(dict.fromkeys((*point.marks, MARK))),
        conditions=_told(point.conditions),
        hardware=_told(point.hardware),
        samples={},
        results={},
        absent={name: point.absent.get(name, NO_FIGURE) for name in names},
        verdicts=tuple(
            replace(verdict, sentence=NO_FIGURE) if _RATE.search(verdict.sentence) else verdict
            for verdict in point.verdicts
        ),
    )


def _told(values: Values) -> dict[str, Value]:
    """Without measured peaks and times, also those inside a text."""
    return {
        name: value
        for name, value in values.items()
        if not _MEASURED_FACT.search(name)
        and not (isinstance(value, str) and (_RATE.search(value) or _TIME.search(value)))
    }
