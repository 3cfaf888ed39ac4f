"""Strong scaling projected from shards measured alone and all-reduces added to them. Never a measurement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tpscale_analysis.all_reduce_model import AllReduceModel
from tpscale_analysis.breakdown import IsolatedAllReduce, isolated_all_reduce
from tpscale_analysis.curves import KINDS
from tpscale_analysis.merge import MergedPoint, device_of
from tpscale_analysis.point import FloatArray
from tpscale_analysis.scaling import PHASES, Phase, own_refusal
from tpscale_analysis.shards import LeftOut, Shard, ShardStudy
from tpscale_analysis.statistics import Estimate, median_estimate, ratio_estimate

LABEL = "projection"
MEASURED_ALONE = "measured alone"
MODEL = "model"
# An all-reduce of another kind says nothing about the one that was left out.
_OF_THE_COLLECTIVE = ("backend", "communicator", "all_reduce", "nccl_symmetric", "threads")


@dataclass(frozen=True)
class AddedAllReduces:
    """The all-reduces of one phase: how many, how long one takes, and where that is from."""

    left_out: LeftOut
    seconds_each: float
    source: str
    how: str

    @property
    def seconds(self) -> float:
        return self.left_out.all_reduces * self.seconds_each


@dataclass(frozen=True)
class ProjectedRow:
    """One phase at one degree; everything but `computing` is projected."""

    phase: Phase
    degree: int
    base_degree: int
    computing: Estimate  # measured: the shard alone
    added: tuple[AddedAllReduces, ...]
    seconds: Estimate | None = None
    speedup: Estimate | None = None
    efficiency: Estimate | None = None
    how_obtained: str = ""
    reason: str = ""  # why nothing is projected

    @property
    def added_seconds(self) -> float:
        return sum(added.seconds for added in self.added)

    @property
    def uses_model(self) -> bool:
        return any(added.source == MODEL for added in self.added)

    @property
    def step(self) -> Estimate | None:
        """One step of a phase; there is no such thing end to end."""
        steps = self.added[0].left_out.steps if len(self.added) == 1 else 0
        return self.seconds.times(1 / steps) if self.seconds and steps else None

    @property
    def source(self) -> str:
        return " and ".join(dict.fromkeys(added.source for added in self.added if added.source))


@dataclass(frozen=True, eq=False)
class Projection:
    """All that is projected from one study."""

    study: ShardStudy
    model: AllReduceModel
    rows: tuple[ProjectedRow, ...]

    def of_phase(self, phase: Phase) -> list[ProjectedRow]:
        return [row for row in self.rows if row.phase == phase and row.seconds]


def project(study: ShardStudy, model: AllReduceModel, points: Iterable[MergedPoint]) -> Projection:
    """`points`: where all-reduces measured alone at these degrees and sizes may be found."""
    known = _measured_alone(study, points)
    rows: list[ProjectedRow] = []
    for phase in PHASES:
        base: ProjectedRow | None = None
        base_times = np.empty(0)
        for shard in study.shards:
            times = shard.computing(phase)
            if not len(times):
                continue
            row = _row(study, shard, phase, model, known)
            if row.seconds:
                times = times + row.added_seconds
                if base is None:
                    base, base_times = row, times
                row = _against(row, base, base_times, times, study.group.key)
            rows.append(row)
    return Projection(study, model, tuple(rows))


def _row(
    study: ShardStudy,
    shard: Shard,
    phase: Phase,
    model: AllReduceModel,
    known: dict[tuple[int, int], IsolatedAllReduce],
) -> ProjectedRow:
    n, times = shard.shard_of, shard.computing(phase)
    computing = median_estimate(times, f"{study.group.key} {phase.name} {n}")
    parts = ("prefill", "decode") if phase == PHASES[-1] else (phase.name,)
    left_out = [shard.left_out(part) for part in parts]
    if any(entry is None for entry in left_out):
        why = "the file does not say which all-reduces were left out"
        return ProjectedRow(phase, n, n, computing, (), reason=why)
    added = [_added(entry, n, model, known) for entry in left_out if entry]
    there = tuple(entry for entry in added if entry)
    if len(there) < len(added):
        why = f"no all-reduce latency is given for {n} ranks (--all-reduce-latency)"
        return ProjectedRow(phase, n, n, computing, (), reason=why)
    seconds = sum(entry.seconds for entry in there)
    moved = Estimate(computing.value + seconds, computing.low + seconds, computing.high + seconds)
    arithmetic = " + ".join(
        f"{e.left_out.all_reduces} all-reduces of {e.left_out.phase} x {e.seconds_each:.4g} s ({e.how})"
        for e in there
        if e.left_out.all_reduces
    )
    how = f"{computing.value:.6g} s computing of the shard alone, measured"
    how += f" + {arithmetic} = {moved.value:.6g} s" if arithmetic else "; nothing is sent"
    return ProjectedRow(phase, n, n, computing, there, seconds=moved, how_obtained=how)


def _added(
    left_out: LeftOut,
    ranks: int,
    model: AllReduceModel,
    known: dict[tuple[int, int], IsolatedAllReduce],
) -> AddedAllReduces | None:
    if not left_out.all_reduces:
        return AddedAllReduces(left_out, 0.0, "", "")
    alone = known.get((ranks, left_out.message_bytes))
    if alone:
        how = f"{MEASURED_ALONE} at {left_out.message_bytes} B, {alone.repetitions} repetitions"
        return AddedAllReduces(left_out, alone.seconds, MEASURED_ALONE, how)
    seconds, latency = model.seconds(ranks, left_out.message_bytes), model.latency(ranks)
    if seconds is None or latency is None:
        return None
    how = (
        f"{MODEL}: {latency:.4g} s + 2 x {ranks - 1}/{ranks} x {left_out.message_bytes} B / "
        f"{model.bus_bandwidth:.4g} B/s"
    )
    return AddedAllReduces(left_out, seconds, MODEL, how)


def _against(
    row: ProjectedRow,
    base: ProjectedRow,
    base_times: FloatArray,
    times: FloatArray,
    key: str,
) -> ProjectedRow:
    """S = T(p0)/T(p), E = S p0/p, as for measured degrees."""
    p0, p = base.degree, row.degree
    speedup = Estimate(1.0, 1.0, 1.0)
    if row is not base:
        speedup = ratio_estimate(base_times, times, f"{key} {row.phase.name} {p} {LABEL}")
    efficiency = speedup.times(p0 / p)
    how = f"{row.how_obtained}; S = T({p0})/T({p}) = {speedup.value:.4f}, E = S x {p0}/{p}"
    return ProjectedRow(
        row.phase, p, p0, row.computing, row.added, row.seconds, speedup, efficiency, how
    )


def _measured_alone(
    study: ShardStudy, points: Iterable[MergedPoint]
) -> dict[tuple[int, int], IsolatedAllReduce]:
    """(degree, bytes) -> the all-reduce of the same kind of group, with a device of its own for every rank."""
    found: dict[tuple[int, int], IsolatedAllReduce] = {}
    for point in points:
        refused = own_refusal(point) or "oversubscribed" in point.marks or point.is_base_repeat
        if point.test_name not in KINDS or refused or not _same_collective(study, point):
            continue
        for entry in isolated_all_reduce(point):
            found.setdefault((entry.tp, entry.message_bytes), entry)
    return found


def _same_collective(study: ShardStudy, point: MergedPoint) -> bool:
    if device_of(point.first) != study.group.device:
        return False
    common = study.group.common
    return all(common.get(name) == point.parameters.get(name) for name in _OF_THE_COLLECTIVE)
