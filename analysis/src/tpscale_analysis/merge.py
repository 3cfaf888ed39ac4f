"""The same point of several launches becomes one; copies of one measurement are counted once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tpscale_analysis.errors import BadDataError
from tpscale_analysis.point import FloatArray, IntArray, Metric, Point, Value, Values, Verdict
from tpscale_analysis.pool import pool_metrics, pool_rows
from tpscale_analysis.virtual import MARK, without_figures

# What a device is; the rest of /hardware (measured peaks, free memory, clocks) differs from launch to launch.
DEVICE_KEYS = ("gpu_name", "device_name", "device", "cpu_model")


@dataclass(frozen=True, eq=False)
class MergedPoint:
    """All runs of one point on one kind of device, in the order of date and content."""

    runs: tuple[Point, ...]

    @property
    def first(self) -> Point:
        return self.runs[0]

    @property
    def point_id(self) -> str:
        return self.first.point_id

    @property
    def test_name(self) -> str:
        return self.first.test_name

    @property
    def parameters(self) -> Values:
        return self.first.parameters

    @cached_property
    def measured(self) -> tuple[Point, ...]:
        return tuple(run for run in self.runs if run.status == "measured")

    @property
    def status(self) -> str:
        return "measured" if self.measured else self.first.status

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(verdict for run in self.runs for verdict in run.verdicts)

    @cached_property
    def failed(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)

    @cached_property
    def marks(self) -> tuple[str, ...]:
        return unique(mark for run in self.runs for mark in run.marks)

    @property
    def is_virtual(self) -> bool:
        return MARK in self.marks

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """The figures of all runs; none where a verdict failed, and none of a virtual device."""
        return {} if self.failed or self.is_virtual else pool_metrics(self.measured)

    @cached_property
    def absent(self) -> Mapping[str, str]:
        """Why a figure is not there, for those that no run has."""
        reasons = {name: why for run in reversed(self.runs) for name, why in run.absent.items()}
        return {name: why for name, why in sorted(reasons.items()) if name not in self.metrics}

    def repetitions(self, key: str) -> FloatArray:
        """One figure a repetition, its maximum over ranks, pooled over the runs; empty where there are none."""
        rows = self.rows(key)
        return rows.max(axis=1) if rows.size else np.empty(0)

    def rows(self, key: str) -> FloatArray:
        """The rows [repetitions, ranks] that count, pooled. Tainted ones only where there are no others."""
        clean = pool_rows(self.measured, key)
        return clean if clean.size else pool_rows(self.measured, key, tainted=True)

    def is_tainted(self, key: str) -> bool:
        """Whether every repetition was."""
        return not pool_rows(self.measured, key).size and bool(self.rows(key).size)

    def left_out(self, key: str) -> int:
        """How many tainted repetitions do not count because there are clean ones."""
        if not pool_rows(self.measured, key).size:
            return 0
        return len(pool_rows(self.measured, key, tainted=True))

    def array(self, name: str) -> IntArray | None:
        return next((run.arrays[name] for run in self.measured if name in run.arrays), None)

    def fact(self, name: str) -> Value | None:
        """A value of the conditions or the hardware."""
        for values in (self.first.conditions, self.first.hardware):
            if name in values:
                return values[name]
        return None

    @property
    def tp(self) -> int:
        tp = self.parameters.get("tp", 1)
        return int(tp) if isinstance(tp, (int, float)) else 1

    @property
    def is_base_repeat(self) -> bool:
        return bool(self.parameters.get("base_repeat", False))


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order of first appearance; "" left out."""
    return tuple(item for item in dict.fromkeys(items) if item)


def device_of(point: Point) -> str:
    """What the point ran on: runs on different devices are never pooled."""
    known = [str(point.hardware[key]) for key in DEVICE_KEYS if key in point.hardware]
    return next((name for name in known if name), "")


def merge(points: Iterable[Point]) -> list[MergedPoint]:
    """Idempotent and independent of order: the result is a function of the set of measurements."""
    once: dict[str, Point] = {}
    for point in points:
        known = once.get(point.fingerprint)
        if known is None or point.launch < known.launch:
            once[point.fingerprint] = point
    by_identity: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in once.values():
        by_identity[point.point_id, device_of(point)].append(point)
    merged = []
    for identity in sorted(by_identity):
        runs = sorted(by_identity[identity], key=lambda run: (run.test_date, run.fingerprint))
        for run in runs:
            if run.test_name != runs[0].test_name or run.parameters != runs[0].parameters:
                raise BadDataError(
                    f"points of '{run.launch}' and '{runs[0].launch}' have the same id "
                    f"({identity[0]!r}) and different parameters"
                )
        merged.append(MergedPoint(tuple(without_figures(run) for run in runs)))
    return merged
