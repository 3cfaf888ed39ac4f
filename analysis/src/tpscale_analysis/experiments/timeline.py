"""What a thread of its own sampled while a point was measured: memory and KV slots over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tpscale_analysis.experiments.study import Study
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import FloatArray, Point

MAX_TIMELINES = 4  # of one study
_DEVICE = "device_"  # clocks and power of the device: a figure of the launch (device_state)


@dataclass(frozen=True, eq=False)
class Timeline:
    """The samples of one run of one point, a sample a row."""

    point: MergedPoint
    title: str
    seconds: FloatArray
    series: Mapping[str, FloatArray]
    units: Mapping[str, str]


def timelines(study: Study) -> list[Timeline]:
    """Of the first points that were watched; none where nothing was sampled."""
    found = [
        line
        for point in study.measured
        for run in point.measured[:1]
        for line in _of_run(study, point, run)
    ]
    return found[:MAX_TIMELINES]


def _of_run(study: Study, point: MergedPoint, run: Point) -> list[Timeline]:
    monitor = {
        series.name: series
        for key, series in run.samples.items()
        if series.phase == "monitor" and not series.name.startswith(_DEVICE) and series.rows.size
    }
    clocks = [name for name, s in monitor.items() if s.unit == "s" and "time" in name.split("_")]
    lines = []
    for clock in sorted(clocks):
        prefix = clock.removesuffix("_time").removesuffix("_sample")
        mine = {
            name: series
            for name, series in monitor.items()
            if name not in clocks
            and len(series.rows) == len(monitor[clock].rows)
            and (len(clocks) == 1 or name.startswith(prefix) or name.endswith(f"_{prefix}"))
        }
        if mine:
            several = (
                study.label(point) if len(study.points) > 1 else "",
                prefix if len(clocks) > 1 else "",
            )
            lines.append(
                Timeline(
                    point=point,
                    title=", ".join(part for part in several if (part and len(clocks) > 1) or part),
                    seconds=monitor[clock].rows[:, 0],
                    series={name: s.rows.max(axis=1) for name, s in sorted(mine.items())},
                    units={name: s.unit for name, s in mine.items()},
                )
            )
    return lines
