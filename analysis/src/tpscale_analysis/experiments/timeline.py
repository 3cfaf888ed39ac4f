"""What a thread of its own sampled while a point was measured: memory and KV slots over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tpscale_analysis.experiments.arms import split
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import FloatArray, Point

MAX_TIMELINES = 4  # of one study
_CLOCK = "sample_time"
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
    clocks = {_arm_of(name): name for name in sorted(monitor) if name.endswith(_CLOCK)}
    lines = []
    for arm, clock in clocks.items():
        times = monitor.pop(clock).rows[:, 0]
        mine = {
            name: series
            for name, series in monitor.items()
            if len(series.rows) == len(times) and split(name, clocks)[1] == arm
        }
        if mine:
            where = (study.label(point) if len(study.points) > 1 else "", arm)
            lines.append(
                Timeline(
                    point=point,
                    title=", ".join(part for part in where if part),
                    seconds=times,
                    series={split(n, clocks)[0]: s.rows.max(axis=1) for n, s in mine.items()},
                    units={split(n, clocks)[0]: s.unit for n, s in mine.items()},
                )
            )
    return lines


def _arm_of(clock: str) -> str:
    """Of "paged_sample_time" it is "paged"; "sample_time" is of no arm."""
    return clock.removesuffix(_CLOCK).removesuffix("_")
