"""The tables of one scaling curve."""

from __future__ import annotations

from tpscale_analysis.breakdown import (
    PART_TITLES,
    PARTS,
    STEP_PHASES,
    Breakdown,
    IsolatedAllReduce,
    break_down,
    isolated_all_reduce,
)
from tpscale_analysis.memory import MemoryUse, memory_use
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.numbers import (
    NONE,
    byte_size,
    percent,
    percent_interval,
    percent_range,
    ratio_interval,
    scale_for,
    with_unit,
)
from tpscale_analysis.scaling import PHASES, Phase, Scaling, ScalingRow
from tpscale_analysis.statistics import Estimate
from tpscale_analysis.table import Column, Table

NO_CLAIM = ("oversubscribed", "tainted", "base tainted")  # shown, and nothing is claimed from it
ROOF_SHARES = ("prefill_mfu", "decode_mbu")
PEAKS = (("gemm_rate", "FLOP/s"), ("multiply_add_peak", "FLOP/s"), ("read_bandwidth", "B/s"))

_MARK_NOTES = {
    "oversubscribed": "Oversubscribed: more ranks than cores or GPUs. Shown as measured; no claim "
    "about efficiency is made from it.",
    "tainted": "Tainted: something else used the machine during every repetition.",
    "few repetitions": "Few repetitions: below 8 an interval is little more than [min, max].",
    "drifted": "Drifted: the base's drift would move the ratio out of its interval.",
}


def phase_table(scaling: Scaling, phase: Phase) -> Table:
    rows = scaling.of_phase(phase)
    seconds = scale_for("s", [row.seconds.value for row in rows if row.seconds])
    throughputs = [row.throughput for row in rows if row.throughput]
    rate = scale_for("token/s", [metric.value for metric in throughputs])
    columns = (
        Column("tp"),
        Column("speed-up"),
        Column("efficiency"),
        Column(f"time [{seconds.unit}]"),
        Column(f"throughput [{rate.unit}]"),
        Column("repetitions"),
        Column("visible from"),
        Column("marks", numeric=False),
    )

    def cells(row: ScalingRow) -> tuple[str, ...]:
        marks = "; ".join(part for part in (*row.marks, row.reason) if part)
        tp = f"{row.tp} *" if marks else str(row.tp)
        if not row.seconds:
            return (tp, *[NONE] * 6, marks)
        throughput = NONE
        if row.throughput:
            metric = row.throughput
            throughput = rate.show_interval(Estimate(metric.value, metric.low, metric.high))
        return (
            tp,
            ratio_interval(row.speedup) if row.speedup else NONE,
            percent_interval(row.efficiency) if row.efficiency else NONE,
            seconds.show_interval(row.seconds),
            throughput,
            str(row.repetitions),
            percent(row.seconds.half_width),
            marks,
        )

    return Table(
        title=f"{phase.title}: base tp {scaling.curve.base.tp}",
        columns=columns,
        rows=tuple(cells(row) for row in rows),
        note=_phase_note(scaling, phase),
    )


def _phase_note(scaling: Scaling, phase: Phase) -> str:
    """The phase's own drift; what holds for all phases stands under the last table."""
    notes = []
    drift = scaling.drifts.get(phase.name)
    if drift:
        change = percent_interval(drift.change)
        notes.append(f"Base measured again at the end: {change} against the start.")
    elif scaling.curve.base.tp not in scaling.curve.repeats:
        notes.append("Base not measured again at the end: the drift is not known.")
    if phase != PHASES[-1]:
        return " ".join(notes)
    notes.append(
        "[low, high] is the 95 % interval; smaller differences than 'visible from' are not seen."
    )
    if any(row.marks or row.reason for row in scaling.rows):
        notes.append("* has marks, in the last column.")
    marks = {mark for row in scaling.rows for mark in row.marks}
    notes += [text for mark, text in _MARK_NOTES.items() if mark in marks]
    return " ".join(notes)


def measured_points(scaling: Scaling) -> list[MergedPoint]:
    return [point for point in scaling.curve.points if not scaling.reason(point)]


def breakdowns(scaling: Scaling, phase: str) -> list[Breakdown]:
    found = [break_down(point, phase) for point in measured_points(scaling)]
    return [entry for entry in found if entry]


def breakdown_table(scaling: Scaling) -> Table | None:
    entries = [entry for phase in STEP_PHASES for entry in breakdowns(scaling, phase)]
    if not entries:
        return None
    unit = scale_for("s", [entry.step_seconds for entry in entries])
    parts = [part for part in PARTS if any(part in entry.parts for entry in entries)]
    rows = tuple(
        (
            entry.phase,
            str(entry.tp),
            unit.show(entry.step_seconds),
            *[_part(entry, part) for part in parts],
            NONE
            if entry.fraction_low is None or entry.fraction_high is None
            else percent_range(entry.fraction_low, entry.fraction_high),
            NONE if entry.skew_seconds is None else unit.show(entry.skew_seconds),
        )
        for entry in entries
    )
    heads = [Column(PART_TITLES[part]) for part in parts]
    columns = (
        Column("phase", numeric=False),
        Column("tp"),
        Column(f"steps [{unit.unit}]"),
        *heads,
        Column("comm_fraction"),
        Column(f"skew [{unit.unit}]"),
    )
    note = (
        "Instrumented repetitions, apart from the timed ones: the repetition with the middle step "
        "time, mean over ranks. comm_fraction: least to most over ranks (the most includes waiting "
        "for others); skew: most minus least seconds in collectives."
    )
    return Table("Where the time of the steps goes", columns, rows, note)


def _part(entry: Breakdown, part: str) -> str:
    if part not in entry.parts or not entry.step_seconds:
        return NONE
    return percent(entry.parts[part] / entry.step_seconds)


def all_reduces(scaling: Scaling) -> list[IsolatedAllReduce]:
    return [entry for point in measured_points(scaling) for entry in isolated_all_reduce(point)]


def all_reduce_table(scaling: Scaling) -> Table | None:
    entries = all_reduces(scaling)
    if not entries:
        return None
    columns = tuple(
        Column(title) for title in ("tp", "message", "time", "algbw", "busbw", "repetitions")
    )
    rows = tuple(
        (
            str(entry.tp),
            byte_size(entry.message_bytes),
            with_unit("s", entry.seconds),
            with_unit("B/s", entry.algbw),
            with_unit("B/s", entry.busbw),
            str(entry.repetitions),
        )
        for entry in entries
    )
    note = "Alone, at the sizes of the model's steps. busbw = algbw x 2(n-1)/n; GB = 1e9 bytes."
    return Table("All-reduce alone", columns, rows, note)


def memory_uses(scaling: Scaling) -> list[MemoryUse]:
    return [use for point in measured_points(scaling) for use in memory_use(point)]


def memory_table(scaling: Scaling) -> Table | None:
    uses = memory_uses(scaling)
    if not uses:
        return None
    unit = scale_for("B", [use.high for use in uses])
    degrees = sorted({use.tp for use in uses})
    by_key = {(use.name, use.tp): use for use in uses}
    rows = []
    for name in dict.fromkeys(use.name for use in uses):
        cells = [by_key.get((name, tp)) for tp in degrees]
        rows.append((name, *[unit.show(use.high) if use else NONE for use in cells]))
        if any(use and use.analytic for use in cells):
            rows.append((f"{name}, from the shapes", *[_analytic(use, unit.show) for use in cells]))
    columns = (
        Column(f"per rank [{unit.unit}]", numeric=False),
        *[Column(f"tp {tp}") for tp in degrees],
    )
    note = "The rank that uses most. 'From the shapes': the size that follows from the model alone."
    return Table("Memory of a rank", columns, tuple(rows), note)


def _analytic(use: MemoryUse | None, show: object) -> str:
    if not use or not use.analytic or not callable(show):
        return NONE
    difference = use.difference or 0.0
    return f"{show(use.analytic)} ({100 * difference:+.1f} %)"


def roof_table(scaling: Scaling) -> Table | None:
    """Shares of the peaks that were measured in the same launch, beside those peaks."""
    points = measured_points(scaling)
    shares = [name for name in ROOF_SHARES if any(name in point.metrics for point in points)]
    if not shares:
        return None
    peaks = [(name, unit) for name, unit in PEAKS if any(point.fact(name) for point in points)]
    rows = []
    for point in points:
        metrics = [point.metrics.get(name) for name in shares]
        cells = [percent_interval(Estimate(m.value, m.low, m.high)) if m else NONE for m in metrics]
        found = [(point.fact(name), unit) for name, unit in peaks]
        cells += [
            with_unit(unit, value) if isinstance(value, (int, float)) else NONE
            for value, unit in found
        ]
        rows.append((str(point.tp), *cells))
    titles = ("tp", *shares, *[name for name, _ in peaks])
    note = (
        "MFU: FLOPs of prefill over its time over the GEMM rate; MBU: bytes that decode must read "
        "over its time over the read bandwidth, all ranks together. Peaks: all ranks of the degree "
        "at work at once, summed, measured in the same launch."
    )
    columns = tuple(Column(title) for title in titles)
    return Table("Share of what the device can do", columns, tuple(rows), note)


def scaling_tables(scaling: Scaling) -> list[Table]:
    tables: list[Table | None] = [phase_table(scaling, phase) for phase in PHASES]
    tables += [breakdown_table(scaling), roof_table(scaling), all_reduce_table(scaling)]
    tables.append(memory_table(scaling))
    return [table for table in tables if table]
