"""The answer in a few sentences, made from the numbers."""

from __future__ import annotations

from tpscale_analysis.breakdown import PART_TITLES, STEP_PHASES
from tpscale_analysis.headings import curve_title
from tpscale_analysis.numbers import percent, percent_interval, percent_range, plain, ratio_interval
from tpscale_analysis.scaling import PHASES, Scaling, ScalingRow
from tpscale_analysis.scaling_tables import NO_CLAIM, breakdowns
from tpscale_analysis.statistics import Estimate

_END_TO_END = PHASES[2]


def summary_of(scaling: Scaling) -> list[str]:
    """How does it scale, where does the time go, can it be believed."""
    sentences = [f"{curve_title(scaling.curve)}.", *_how_it_scales(scaling)]
    sentences += _where_the_time_goes(scaling)
    sentences += _verified(scaling)
    return sentences


def _how_it_scales(scaling: Scaling) -> list[str]:
    rows = [row for row in scaling.of_phase(_END_TO_END) if row.speedup and row.tp != row.base_tp]
    if not rows:
        return ["Fewer than two degrees have figures, so nothing is said about scaling."]
    last = rows[-1]
    shares = [
        f"{phase.title.lower()} {_times(row)}"
        for phase in PHASES[:2]
        for row in scaling.of_phase(phase)
        if row.tp == last.tp and row.speedup
    ]
    sentences = []
    if last.speedup and last.efficiency:
        claim = "" if _no_claim(last) else f", an efficiency of {percent_interval(last.efficiency)}"
        if scaling.curve.kind == "strong":
            start = f"With {last.tp} ranks the same work is done {_times(last)} as fast as with {last.base_tp}"
        else:
            grown = last.tp / last.base_tp
            start = (
                f"With {last.tp} ranks, {grown:g} times the work takes "
                f"{plain(1 / last.efficiency.value, 3)} times as long as on {last.base_tp}"
            )
        apart = f" ({'; '.join(shares)})" if shares else ""
        sentences.append(f"{start}{claim}{apart}.")
    crowded = _degrees(scaling, {"oversubscribed"})
    if crowded:
        sentences.append(
            f"Oversubscribed at tp {crowded}: there were more ranks than cores or GPUs, so these "
            "figures say nothing about efficiency."
        )
    busy = _degrees(scaling, {"tainted", "base tainted"})
    if busy:
        sentences.append(
            f"Something else used the machine while tp {busy} or the base was measured: these "
            "figures are tainted and should be measured again."
        )
    return sentences


def _degrees(scaling: Scaling, marks: set[str]) -> str:
    """The degrees that carry one of the marks in any phase."""
    return ", ".join(str(tp) for tp in sorted({r.tp for r in scaling.rows if marks & set(r.marks)}))


def _times(row: ScalingRow) -> str:
    estimate = row.speedup or Estimate(1.0, 1.0, 1.0)
    return f"{ratio_interval(estimate)} times"


def _no_claim(row: ScalingRow) -> bool:
    return bool(set(NO_CLAIM) & set(row.marks))


def _where_the_time_goes(scaling: Scaling) -> list[str]:
    sentences = []
    for phase in STEP_PHASES:
        entries = breakdowns(scaling, phase)
        if not entries or not entries[-1].step_seconds:
            continue
        entry = entries[-1]
        parts = sorted(entry.parts.items(), key=lambda item: -item[1])[:3]
        shares = [f"{PART_TITLES[part]} {percent(s / entry.step_seconds, 0)}" for part, s in parts]
        text = f"At tp {entry.tp} the {phase} steps spend their time on {', '.join(shares)}"
        if entry.tp > 1 and entry.fraction_low is not None and entry.fraction_high is not None:
            span = percent_range(entry.fraction_low, entry.fraction_high)
            text += f"; comm_fraction is {span} over the ranks"
        sentences.append(text + ".")
    return sentences


def _verified(scaling: Scaling) -> list[str]:
    withheld = [point.tp for point in scaling.curve.points if scaling.reason(point)]
    compared = [e for tp, e in scaling.equality.items() if tp != scaling.curve.base.tp]
    sentences = []
    if compared and all(entry.passed for entry in compared):
        degrees = "every degree" if len(compared) > 1 else "the other degree"
        if all(entry.level == "L0" for entry in compared):
            sentences.append(f"The tokens of {degrees} are identical to those of the base (L0).")
        else:
            sentences.append(
                f"The tokens of {degrees} part from those of the base only at near-ties (L1)."
            )
    if withheld:
        degrees = ", ".join(map(str, withheld))
        sentences.append(f"The figures of tp {degrees} are withheld; the tables say why.")
    drifted = _degrees(scaling, {"drifted"})
    if drifted:
        sentences.append(
            f"The base drifted by more than the interval of the ratios at tp {drifted}."
        )
    return sentences
