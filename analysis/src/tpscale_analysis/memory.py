"""Memory per rank: what the suite's allocator counted, and the size that the shapes imply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import FloatArray

# From the allocator; these add up to the bar of the figure.
COMPONENTS = ("weights", "kv_cache", "activations", "communication", "other")
TOTALS = ("peak", "device_view", "device_view_peak", "unaccounted")
_FROM_SHAPES = ("_predicted", "_analytic")  # the size that follows from the model alone


@dataclass(frozen=True)
class MemoryUse:
    """One quantity at one degree: least and most over ranks, bytes."""

    name: str
    tp: int
    low: float
    high: float
    analytic: float | None

    @property
    def difference(self) -> float | None:
        """Relative difference of the measured from the analytic size."""
        return self.high / self.analytic - 1 if self.analytic else None


def memory_use(point: MergedPoint) -> list[MemoryUse]:
    """Components first, then totals, then whatever else the file holds, each by name."""
    series: dict[str, FloatArray] = {}
    for key in sorted({key for run in point.measured for key in run.samples}):
        if key.startswith("memory/"):
            name = key.removeprefix("memory/").removeprefix("memory_")
            series[name] = point.rows(key)
    known = [name for name in (*COMPONENTS, *TOTALS) if name in series]
    rest = [name for name in series if name not in known and not name.endswith(_FROM_SHAPES)]
    return [
        MemoryUse(
            name=name,
            tp=point.tp,
            low=float(series[name].max(axis=0).min()),
            high=float(series[name].max()),
            analytic=_analytic(series, name),
        )
        for name in known + rest
        if series[name].size
    ]


def _analytic(series: Mapping[str, FloatArray], name: str) -> float | None:
    found = [series[name + end] for end in _FROM_SHAPES if name + end in series]
    return float(found[0].max()) if found and found[0].size else None
