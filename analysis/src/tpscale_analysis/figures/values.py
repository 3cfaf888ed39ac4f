"""Figures of a study in one unit, ready to be drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.metric_tables import is_share
from tpscale_analysis.numbers import Scale, plain, scale_for
from tpscale_analysis.point import Metric
from tpscale_analysis.scaling_tables import NO_CLAIM
from tpscale_analysis.statistics import Estimate, interval_of


@dataclass(frozen=True, eq=False)
class Value:
    """One figure, of one arm of one point."""

    stem: str
    arm: str
    point: MergedPoint
    metric: Metric

    @property
    def claimed(self) -> bool:
        """False where nothing is claimed from it: it is drawn hollow."""
        return not set(NO_CLAIM) & {*self.metric.marks, *self.point.marks}


def common_scale(values: Iterable[Value]) -> Scale:
    """One unit for all; shares in per cent."""
    there = list(values)
    if not there:
        return Scale("")
    if is_share(there[0].stem, there[0].metric.unit):
        return Scale("%", 0.01)
    return scale_for(there[0].metric.unit, [value.metric.value for value in there])


def drawn(value: Value, scale: Scale) -> Estimate:
    return interval_of(value.metric).times(1 / scale.factor)


def short(value: float) -> str:
    """A number that stands on a bar."""
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e6 else plain(value, 3)


def axis_title(name: str, scale: Scale) -> str:
    return f"{name} [{scale.unit}]" if scale.unit and name else scale.unit or name
