"""Speed-up and efficiency of every phase and degree, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tpscale_analysis.curves import Curve
from tpscale_analysis.merge import MergedPoint, unique
from tpscale_analysis.point import TAINTED, FloatArray, Metric
from tpscale_analysis.statistics import (
    Estimate,
    median_estimate,
    ratio_estimate,
    series_marks,
    spread,
)
from tpscale_analysis.tokens import Equality, compare_with_base
from tpscale_analysis.virtual import NO_FIGURE


@dataclass(frozen=True)
class Phase:
    """A part of the run that has a time and a throughput of its own."""

    name: str
    samples: str
    throughput: str
    title: str


PHASES = (
    Phase("prefill", "timed/prefill_seconds", "prefill_throughput", "Prefill"),
    Phase("decode", "timed/decode_seconds", "decode_throughput", "Decode"),
    Phase("end_to_end", "timed/wall_seconds", "total_throughput", "End to end"),
)


@dataclass(frozen=True)
class ScalingRow:
    """One phase at one degree. Figures are None where there are none, and `reason` says why."""

    phase: Phase
    tp: int
    base_tp: int
    repetitions: int = 0
    seconds: Estimate | None = None
    spread: float = 0.0
    throughput: Metric | None = None
    speedup: Estimate | None = None
    efficiency: Estimate | None = None
    how_obtained: str = ""
    marks: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Drift:
    """The base measured again at the end, over the base at the start, minus 1."""

    phase: Phase
    change: Estimate


@dataclass(frozen=True, eq=False)
class Scaling:
    """All that is derived from one curve."""

    curve: Curve
    rows: tuple[ScalingRow, ...]
    drifts: Mapping[str, Drift]
    equality: Mapping[int, Equality]

    def of_phase(self, phase: Phase) -> list[ScalingRow]:
        return [row for row in self.rows if row.phase == phase]

    def reason(self, point: MergedPoint) -> str:
        """Why the point has no performance figures; "" where it has."""
        return no_figures(point, self.equality[point.tp])


def analyse(curve: Curve) -> Scaling:
    equality = {point.tp: compare_with_base(point, curve.base) for point in curve.points}
    drifts = _drifts(curve)
    rows = []
    for phase in PHASES:
        base = curve.base.repetitions(phase.samples)
        if no_figures(curve.base, equality[curve.base.tp]) or (base <= 0).any():
            base = np.empty(0)
        rows += [
            _row(curve, point, phase, base, drifts.get(phase.name), equality[point.tp])
            for point in curve.points
        ]
    return Scaling(curve, tuple(rows), drifts, equality)


def no_figures(point: MergedPoint, equality: Equality) -> str:
    """The sentence that stands in place of a point's performance figures."""
    if not own_refusal(point) and equality.passed is False:
        return f"verdict failed: {equality.sentence}"
    return own_refusal(point)


def own_refusal(point: MergedPoint) -> str:
    """As far as it follows from the point alone."""
    if point.status != "measured":
        return f"{point.status.replace('_', ' ')}: {point.first.status_reason}"
    if point.failed:
        return f"verdict failed: {point.failed[0].name}: {point.failed[0].sentence}"
    return NO_FIGURE if point.is_virtual else ""


def _drifts(curve: Curve) -> dict[str, Drift]:
    base, again = curve.base, curve.repeats.get(curve.base.tp)
    if again is None or again.failed or base.failed:
        return {}
    found = {}
    for phase in PHASES:
        first, last = base.repetitions(phase.samples), again.repetitions(phase.samples)
        if len(first) and len(last) and (first > 0).all() and (last > 0).all():
            ratio = ratio_estimate(last, first, f"{curve.key} {phase.name} drift")
            change = Estimate(ratio.value - 1, ratio.low - 1, ratio.high - 1)
            found[phase.name] = Drift(phase, change)
    return found


def _row(
    curve: Curve,
    point: MergedPoint,
    phase: Phase,
    base: FloatArray,
    drift: Drift | None,
    equality: Equality,
) -> ScalingRow:
    base_tp = curve.base.tp
    marks = list(point.marks)
    times = point.repetitions(phase.samples)
    reason = no_figures(point, equality)
    if not reason and (not len(times) or (times <= 0).any()):
        nothing = "a time of zero" if len(times) else f"no samples {phase.samples} are stored"
        reason = point.absent.get(phase.throughput) or nothing
    if reason:
        return ScalingRow(phase, point.tp, base_tp, marks=unique(marks), reason=reason)
    if equality.passed is None:
        marks.append("tokens not compared")
    if point.is_tainted(phase.samples):
        marks.append(TAINTED)
    left_out = point.left_out(phase.samples)
    if left_out:
        marks.append(f"{left_out} tainted left out")
    if curve.base.is_tainted(phase.samples) and point is not curve.base:
        marks.append("base tainted")
    throughput = point.metrics.get(phase.throughput)
    marks += [*series_marks(times), *(throughput.marks if throughput else ())]
    speedup = efficiency = None
    how = ""
    if len(base):
        speedup, efficiency, how = _ratios(curve, point, phase, base, times)
        shifted = speedup.value * (1 + drift.change.value) if drift else speedup.value
        if point is not curve.base and not speedup.contains(shifted):
            marks.append("drifted")
    else:
        reason = f"the base (tp {base_tp}) has no figures, so there is no ratio"
    return ScalingRow(
        phase=phase,
        tp=point.tp,
        base_tp=base_tp,
        repetitions=len(times),
        seconds=median_estimate(times, f"{curve.key} {phase.name} {point.tp}"),
        spread=spread(times),
        throughput=throughput,
        speedup=speedup,
        efficiency=efficiency,
        how_obtained=how,
        marks=unique(marks),
        reason=reason,
    )


def _ratios(
    curve: Curve, point: MergedPoint, phase: Phase, base: FloatArray, times: FloatArray
) -> tuple[Estimate, Estimate, str]:
    """Strong: S = T(p0)/T(p), E = S p0/p. Weak: E = T(p0)/T(p), S = E p/p0 (the work grows)."""
    p0, p = curve.base.tp, point.tp
    if point is curve.base:  # the ratio of a series to itself is 1, not a measurement
        one = Estimate(1.0, 1.0, 1.0)
        return one, one, f"tp {p0} is the base: 1 by definition"
    ratio = ratio_estimate(base, times, f"{curve.key} {phase.name} {p} ratio")
    t0, t = float(np.median(base)), float(np.median(times))
    arithmetic = f"T({p0})/T({p}) = {t0:.6g} s / {t:.6g} s = {ratio.value:.4f}"
    runs = f"medians of {len(base)} and {len(times)} repetitions, each its maximum over ranks"
    if curve.kind == "strong":
        efficiency = ratio.times(p0 / p)
        how = f"S = {arithmetic}; E = S x {p0}/{p} = {efficiency.value:.4f}; {runs}"
        return ratio, efficiency, how
    speedup = ratio.times(p / p0)
    how = f"E = {arithmetic}; S = E x {p}/{p0} = {speedup.value:.4f}; {runs}"
    return speedup, ratio, how
