"""The tables and sentences of decode steps with graphs off and on."""

from __future__ import annotations

from tpscale_analysis.graph_gain import COSTS, GraphGain, GraphStudy
from tpscale_analysis.numbers import NONE, Scale, gain_interval, plain, scale_for, with_unit
from tpscale_analysis.scaling_tables import NO_CLAIM
from tpscale_analysis.statistics import Estimate
from tpscale_analysis.table import Column, Table

_ENQUEUE = ("enqueue_seconds_off", "enqueue_seconds_on")
_STEP = ("decode_step_seconds_off", "decode_step_seconds_on")
PREDICTION = (
    "Predicted from the arms' parts: without graphs a step takes no less than its enqueueing by the host, "
    "and no less than the device needs for the replayed step, so max(enqueueing off, step on) / step on - 1. "
    "It leaves out the gaps between kernels that a graph closes: a gain above it is no contradiction."
)


def gain_table(study: GraphStudy) -> Table:
    enqueue, step = _scale(study, _ENQUEUE), _scale(study, _STEP)
    columns = (
        Column("tp"),
        Column("batch"),
        Column(f"enqueueing off [{enqueue.unit}]"),
        Column(f"on [{enqueue.unit}]"),
        Column("host time saved"),
        Column(f"step off [{step.unit}]"),
        Column(f"on [{step.unit}]"),
        Column("throughput gain"),
        Column("predicted gain"),
        Column("repetitions"),
        Column("marks", numeric=False),
    )

    def cells(gain: GraphGain) -> tuple[str, ...]:
        marks = "; ".join(part for part in (*gain.marks, gain.reason) if part)
        gained = gain.metric("throughput_improvement")
        return (
            str(gain.tp),
            str(gain.batch_size),
            *[_time(gain.estimate(name), enqueue) for name in _ENQUEUE],
            _gain(gain.estimate("cpu_overhead_reduction"), signed=False),
            *[_time(gain.estimate(name), step) for name in _STEP],
            _gain(gain.estimate("throughput_improvement")),
            _gain(gain.estimate("predicted_improvement")),
            str(gained.samples) if gained else NONE,
            marks,
        )

    note = (
        "Off: the host launches every kernel of the step. On: it launches one recorded graph. A step ends "
        "when its tokens are known to the host. Intervals of gains are on the ratio of repetitions made side "
        f"by side. {PREDICTION}"
    )
    rows = tuple(cells(gain) for gain in study.gains)
    return Table(
        "Decode steps with graphs off and on", columns, rows, note if study.measured else ""
    )


def cost_table(study: GraphStudy) -> Table | None:
    """What the graphs themselves take."""
    rows = []
    for gain in study.measured:
        metrics = [gain.metric(name) for name in COSTS]
        shown = [with_unit(m.unit, m.value) if m else NONE for m in metrics[:2]]
        nodes = f"{metrics[2].value:.0f}" if metrics[2] else NONE
        if any(metrics):
            rows.append((str(gain.tp), str(gain.batch_size), *shown, nodes))
    if not rows:
        return None
    titles = ("tp", "batch", "capture", "graph memory", "operations of the largest graph")
    note = "Of all batch buckets of the engine, not of this batch size alone; taken once a launch."
    return Table("What the graphs cost", tuple(Column(t) for t in titles), tuple(rows), note)


def graph_tables(study: GraphStudy) -> list[Table]:
    tables = [gain_table(study), cost_table(study)]
    return [table for table in tables if table]


def graph_sentences(study: GraphStudy) -> list[str]:
    """What is saved, where most and where least, and why figures are missing."""
    sentences = []
    for tp in sorted({gain.tp for gain in study.measured}):
        gains = [
            gain
            for gain in study.of_degree(tp)
            if gain.metric("throughput_improvement") and not set(NO_CLAIM) & set(gain.marks)
        ]
        if gains:
            sentences.append(_of_degree(tp, gains))
    crowded = [g for g in study.measured if set(NO_CLAIM) & set(g.marks)]
    if crowded:
        names = "; ".join(f"tp {g.tp}, batch {g.batch_size}" for g in crowded)
        sentences.append(f"Nothing is claimed from {names}: oversubscribed or tainted.")
    reasons: dict[str, int] = {}
    for gain in study.gains:
        if gain.reason:
            reasons[gain.reason] = reasons.get(gain.reason, 0) + 1
    every = len(study.gains)
    sentences += [f"{count} of {every} points: {reason}." for reason, count in reasons.items()]
    return sentences


def _of_degree(tp: int, gains: list[GraphGain]) -> str:
    first, last = gains[0], gains[-1]
    text = f"At tp {tp} graphs change the decode throughput by {_claim(first)}"
    if last is not first:
        text += f" and by {_claim(last)}"
    saved = first.estimate("cpu_overhead_reduction")
    if saved:
        text += f"; enqueueing a step takes the host {plain(saved.value, 3)} % less at batch {first.batch_size}"
    return f"{text}."


def _claim(gain: GraphGain) -> str:
    measured, predicted = (
        _gain(gain.estimate(name)) for name in ("throughput_improvement", "predicted_improvement")
    )
    beside = "" if predicted == NONE else f" (predicted {predicted})"
    return f"{measured} at batch {gain.batch_size}{beside}"


def _scale(study: GraphStudy, names: tuple[str, ...]) -> Scale:
    metrics = [gain.metric(name) for gain in study.measured for name in names]
    return scale_for("s", [metric.value for metric in metrics if metric])


def _time(estimate: Estimate | None, scale: Scale) -> str:
    return scale.show_interval(estimate) if estimate else NONE


def _gain(estimate: Estimate | None, signed: bool = True) -> str:
    if not estimate:
        return NONE
    text = gain_interval(estimate)
    return text if signed else text.replace("+", "")
