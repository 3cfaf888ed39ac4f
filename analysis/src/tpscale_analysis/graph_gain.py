"""What replaying a recorded decode step saves, a row a point of the experiment cuda-graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tpscale_analysis.groups import Group, count_of, find_groups
from tpscale_analysis.merge import MergedPoint, unique
from tpscale_analysis.point import Metric
from tpscale_analysis.scaling import own_refusal
from tpscale_analysis.statistics import Estimate, interval_of

TEST_NAME = "cuda-graph"
_FOLLOWS = frozenset({"num_sequences", "workload_hash"})  # grow with the batch
SHOWN = (
    "enqueue_seconds_off",
    "enqueue_seconds_on",
    "cpu_overhead_reduction",
    "decode_step_seconds_off",
    "decode_step_seconds_on",
    "throughput_improvement",
    "predicted_improvement",
)
COSTS = ("capture_seconds", "graph_memory", "graph_nodes")


@dataclass(frozen=True, eq=False)
class GraphGain:
    """One degree and batch size. Without figures `reason` says why."""

    point: MergedPoint
    batch_size: int
    reason: str

    @property
    def tp(self) -> int:
        return self.point.tp

    def metric(self, name: str) -> Metric | None:
        return None if self.reason else self.point.metrics.get(name)

    def estimate(self, name: str) -> Estimate | None:
        metric = self.metric(name)
        return interval_of(metric) if metric else None

    @property
    def marks(self) -> tuple[str, ...]:
        metrics = [self.metric(name) for name in SHOWN]
        of_metrics = [mark for metric in metrics if metric for mark in metric.marks]
        return unique((*self.point.marks, *of_metrics))


@dataclass(frozen=True, eq=False)
class GraphStudy:
    """Degrees and batch sizes of one model on one device."""

    group: Group
    gains: tuple[GraphGain, ...]

    @property
    def measured(self) -> list[GraphGain]:
        """Those with figures."""
        return [gain for gain in self.gains if not gain.reason]

    def of_degree(self, tp: int) -> list[GraphGain]:
        return [gain for gain in self.measured if gain.tp == tp]


def find_graph_studies(points: Iterable[MergedPoint]) -> list[GraphStudy]:
    return [
        GraphStudy(
            group,
            tuple(
                GraphGain(point, count_of(point, "batch_size"), own_refusal(point))
                for point in group.points
            ),
        )
        for group in find_groups(points, TEST_NAME, "batch_size", _FOLLOWS)
    ]
