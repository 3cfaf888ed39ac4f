"""Memory per rank: what the suite's allocator counted, and the size that the shapes imply."""

from __future__ import annotations

from dataclasses import dataclass

from tpscale_analysis.merge import MergedPoint

# From the allocator; these add up to the bar of the figure.
COMPONENTS = ("weights", "kv_cache", "activations", "communication", "other")
TOTALS = ("peak", "device_view", "unaccounted")


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
    known = (*COMPONENTS, *TOTALS)
    names = {
        key.removeprefix("memory/")
        for run in point.measured
        for key in run.samples
        if key.startswith("memory/")
    }
    sizes = {name for name in names if not name.endswith("_analytic")}
    order = [name for name in known if name in sizes] + sorted(sizes - set(known))
    found = []
    for name in order:
        rows = point.rows(f"memory/{name}")
        if rows.size:
            per_rank = rows.max(axis=0)
            least, most = float(per_rank.min()), float(per_rank.max())
            found.append(MemoryUse(name, point.tp, least, most, _analytic(point, name)))
    return found


def _analytic(point: MergedPoint, name: str) -> float | None:
    rows = point.rows(f"memory/{name}_analytic")
    if rows.size:
        return float(rows.max())
    for metric in (f"memory_{name}_analytic", f"{name}_analytic_bytes"):
        if metric in point.metrics:
            return point.metrics[metric].value
    return None
