"""The computing of one of N shards alone, a row a point of the experiment shard-replay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tpscale_analysis.groups import Group, count_of, find_groups
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import TAINTED, FloatArray
from tpscale_analysis.scaling import PHASES, Phase, own_refusal
from tpscale_analysis.statistics import series_marks

TEST_NAME = "shard-replay"
_MOST = 10**15  # of any count or size that is taken from a file


@dataclass(frozen=True)
class LeftOut:
    """The all-reduces of one phase that a shard alone does not send."""

    phase: str
    steps: int
    all_reduces: int  # of all steps together
    message_bytes: int  # of the largest step


@dataclass(frozen=True, eq=False)
class Shard:
    """The first of `shard_of` shards. Without figures `reason` says why."""

    point: MergedPoint
    shard_of: int
    reason: str

    def computing(self, phase: Phase) -> FloatArray:
        """Seconds of the phase, a value a repetition; empty where there are no figures."""
        times = self.point.repetitions(phase.samples)
        return times[:0] if self.reason or (times <= 0).any() else times

    @property
    def marks(self) -> tuple[str, ...]:
        if self.reason:
            return self.point.marks
        key = PHASES[-1].samples
        left_out = self.point.left_out(key)
        return (
            *self.point.marks,
            *series_marks(self.point.repetitions(key)),
            *([TAINTED] if self.point.is_tainted(key) else []),
            *([f"{left_out} tainted left out"] if left_out else []),
        )

    def left_out(self, phase: str) -> LeftOut | None:
        """Of prefill or decode; None where the file does not say."""
        a_step = self._count("left_out_all_reduces_per_step")
        steps = self._count(f"{phase}_steps")
        size = self._count(f"left_out_{phase}_message_bytes")
        if a_step is None or steps is None or size is None:
            return None
        return LeftOut(phase, steps, a_step * steps, size)

    def _count(self, name: str) -> int | None:
        value = self.point.fact(name)
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if 0 <= value <= _MOST else None


@dataclass(frozen=True, eq=False)
class ShardStudy:
    """Shards of one model on one device, by rising number of shards."""

    group: Group
    shards: tuple[Shard, ...]

    @property
    def measured(self) -> list[Shard]:
        return [shard for shard in self.shards if any(len(shard.computing(p)) for p in PHASES)]


def find_shard_studies(points: Iterable[MergedPoint]) -> list[ShardStudy]:
    return [
        ShardStudy(
            group,
            tuple(
                Shard(point, max(count_of(point, "shard_of"), 1), own_refusal(point))
                for point in group.points
            ),
        )
        for group in find_groups(points, TEST_NAME, "shard_of", frozenset())
    ]
