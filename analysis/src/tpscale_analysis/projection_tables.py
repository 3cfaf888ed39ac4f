"""The tables and sentences of shards alone and of what is projected from them."""

from __future__ import annotations

from tpscale_analysis.numbers import (
    NONE,
    byte_size,
    percent_interval,
    ratio_interval,
    scale_for,
    with_unit,
)
from tpscale_analysis.projection import LABEL, MEASURED_ALONE, MODEL, ProjectedRow, Projection
from tpscale_analysis.scaling import PHASES
from tpscale_analysis.shards import Shard, ShardStudy
from tpscale_analysis.statistics import interval_of, median_estimate
from tpscale_analysis.table import Column, Table

_FIGURES = (
    "prefill_throughput",
    "decode_throughput",
    "prefill_mfu",
    "decode_mbu",
    "memory_weights",
)


def computing_table(study: ShardStudy) -> Table:
    """What was measured: one shard alone."""
    times = [shard.computing(phase) for shard in study.shards for phase in PHASES]
    unit = scale_for("s", [float(values.max()) for values in times if len(values)])
    columns = (
        Column("shard of"),
        *[Column(f"{phase.title.lower()} [{unit.unit}]") for phase in PHASES],
        Column("prefill [token/s]"),
        Column("decode [token/s]"),
        Column("prefill MFU"),
        Column("decode MBU"),
        Column("weights"),
        Column("repetitions"),
        Column("marks", numeric=False),
    )

    def cells(shard: Shard) -> tuple[str, ...]:
        shown = []
        for phase in PHASES:
            seconds = shard.computing(phase)
            seed = f"{study.group.key} {phase.name} {shard.shard_of}"
            shown.append(
                unit.show_interval(median_estimate(seconds, seed)) if len(seconds) else NONE
            )
        metrics = [None if shard.reason else shard.point.metrics.get(name) for name in _FIGURES]
        for metric in metrics:
            if metric and metric.unit == "token/s":
                shown.append(f"{metric.value:,.0f}")
            elif metric and metric.unit == "1":
                shown.append(percent_interval(interval_of(metric)))
            else:
                shown.append(with_unit(metric.unit, metric.value) if metric else NONE)
        shown.append(str(len(shard.computing(PHASES[-1]))) if not shard.reason else NONE)
        marks = "; ".join(part for part in (*shard.marks, shard.reason) if part)
        return (str(shard.shard_of), *shown, marks)

    return Table(
        "The computing of one shard alone",
        columns,
        tuple(cells(shard) for shard in study.shards),
        "Measured: the first of N shards serves the requests on one device, the all-reduces left out. "
        "No figure of a group of devices; its tokens mean nothing.",
    )


def projection_table(projection: Projection) -> Table | None:
    rows = [row for row in projection.rows if row.seconds or row.reason]
    if not any(row.seconds for row in rows):
        return None
    unit = scale_for("s", [row.seconds.high for row in rows if row.seconds])
    step = scale_for("s", [row.step.high for row in rows if row.step])
    columns = (
        Column("phase", numeric=False),
        Column("ranks"),
        Column(f"computing, measured [{unit.unit}]"),
        Column(f"{LABEL}: all-reduces [{unit.unit}]"),
        Column(f"{LABEL}: time [{unit.unit}]"),
        Column(f"{LABEL}: one step [{step.unit}]"),
        Column(f"{LABEL}: speed-up"),
        Column(f"{LABEL}: efficiency"),
        Column("one all-reduce", numeric=False),
    )
    cells = []
    for row in rows:
        head = (row.phase.title, str(row.degree), unit.show_interval(row.computing))
        if not row.seconds or not row.speedup or not row.efficiency:
            cells.append((*head, *[NONE] * 5, row.reason))
            continue
        cells.append(
            (
                *head,
                unit.show(row.added_seconds),
                unit.show_interval(row.seconds),
                step.show_interval(row.step) if row.step else NONE,
                ratio_interval(row.speedup),
                percent_interval(row.efficiency),
                _one_all_reduce(row),
            )
        )
    return Table(
        f"Projection, not a measurement: strong scaling against {_base(projection)}",
        columns,
        tuple(cells),
        projection_note(projection),
    )


def projection_note(projection: Projection) -> str:
    """What was added, from where, and what it leaves out."""
    return (
        "Time = computing of the shard alone + all-reduces of all steps, none hidden behind computing. "
        f"The interval is the computing's: a model has none. {sources_note(projection)} "
        "The gathering of the logits and the waiting of ranks for one another are left out."
    )


def sources_note(projection: Projection) -> str:
    """Where the seconds of the all-reduces are from."""
    sources = {added.source for row in projection.rows for added in row.added}
    notes = []
    if MODEL in sources:
        notes.append(
            "Model: t(n, S) = latency(n) + 2(n-1)/n x S / bus bandwidth, with "
            f"{projection.model.source}; S: the message of the largest step."
        )
        if projection.study.group.common.get("backend") == "cpu":
            notes.append("These shards ran on a CPU: such figures of GPUs are not its own.")
    if MEASURED_ALONE in sources:
        notes.append(
            f"'{MEASURED_ALONE}': the same all-reduce of this size and degree, measured alone by a scaling "
            "experiment in these files, in place of the model."
        )
    return " ".join(notes)


def shard_tables(projection: Projection) -> list[Table]:
    tables = [computing_table(projection.study), projection_table(projection)]
    return [table for table in tables if table]


def shard_sentences(projection: Projection) -> list[str]:
    sentences = []
    for shard in projection.study.shards:
        if shard.reason:
            sentences.append(f"Shard of {shard.shard_of}: {shard.reason}.")
    measured = projection.study.measured
    if measured:
        degrees = ", ".join(str(shard.shard_of) for shard in measured)
        sentences.append(
            f"The computing of one shard of {degrees} was measured alone, without its all-reduces."
        )
    for phase in PHASES[:2]:
        rows = projection.of_phase(phase)
        last = rows[-1] if len(rows) > 1 else None
        if last and last.speedup and last.seconds:
            share = last.added_seconds / last.seconds.value
            sentences.append(
                f"Projection, not a measurement: {phase.title.lower()} on {last.degree} ranks "
                f"{ratio_interval(last.speedup)} times as fast as on {last.base_degree}, "
                f"{100 * share:.0f} % of it in all-reduces ({last.source or 'nothing is sent'})."
            )
    return sentences


def _one_all_reduce(row: ProjectedRow) -> str:
    sent = [added for added in row.added if added.left_out.all_reduces]
    shown = dict.fromkeys(
        f"{with_unit('s', added.seconds_each)} at {byte_size(added.left_out.message_bytes)}, {added.source}"
        for added in sent
    )
    return "; ".join(shown) or "nothing is sent"


def _base(projection: Projection) -> str:
    bases = sorted({row.base_degree for row in projection.rows if row.seconds})
    return f"a shard of {', '.join(map(str, bases))}"
