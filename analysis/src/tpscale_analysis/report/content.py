"""What the report says, before it is Markdown or HTML."""

from __future__ import annotations

from dataclasses import dataclass

from tpscale_analysis.checklist import Item, checklist
from tpscale_analysis.figures.catalogue import figures_of
from tpscale_analysis.figures.figure import Figure
from tpscale_analysis.figures.naming import slugs
from tpscale_analysis.headings import curve_title, parameter_lines, test_title
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.metric_tables import (
    absent_table,
    curve_metric_table,
    point_tables,
    verdict_table,
)
from tpscale_analysis.numbers import value_text
from tpscale_analysis.results import Results, common_values
from tpscale_analysis.scaling import PHASES, Scaling
from tpscale_analysis.scaling_tables import (
    all_reduce_table,
    breakdown_table,
    memory_table,
    phase_table,
    roof_table,
)
from tpscale_analysis.sentences import summary_of
from tpscale_analysis.table import Column, Table

Pairs = list[tuple[str, str]]
MAX_RAW_ROWS = 200  # of one series in the page; results.json holds all


@dataclass(frozen=True)
class Part:
    """One figure, its data, and how the data was obtained."""

    figure: Figure | None
    file_name: str  # of the PNG
    tables: list[Table]
    how: Pairs


@dataclass(frozen=True)
class RawPoint:
    """The raw samples of one run of one point."""

    title: str
    lines: list[str]


@dataclass(frozen=True)
class Section:
    """One scaling curve, or one experiment without a curve."""

    anchor: str
    title: str
    sentences: list[str]
    method: str
    parameters: Pairs
    parts: list[Part]
    how: Pairs
    verdicts: Table | None
    absent: Table | None
    raw: list[RawPoint]


@dataclass(frozen=True)
class Report:
    """The whole of it."""

    title: str
    subtitle: str
    sections: list[Section]
    checklist: list[Item]
    hardware: list[tuple[str, Pairs]]
    launches: Table
    provenance: list[tuple[str, Pairs]]


def compose(results: Results) -> Report:
    names = slugs(results.scalings)
    sections = [_curve(s, name) for s, name in zip(results.scalings, names, strict=True)]
    for number, test_name in enumerate(sorted({point.test_name for point in results.others})):
        points = [point for point in results.others if point.test_name == test_name]
        sections.append(_experiment(test_name, points, f"experiment-{number + 1}"))
    dates = sorted(run.test_date for run in results.runs)
    when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    return Report(
        title=" and ".join(test_title(name).lower() for name in results.test_names).capitalize(),
        subtitle=f"{_count(len(results.points), 'point')}, {when}",
        sections=sections,
        checklist=checklist(results),
        hardware=_hardware(results),
        launches=_launches(results),
        provenance=_provenance(results),
    )


def _curve(scaling: Scaling, name: str) -> Section:
    figures = {figure.name: figure for figure in figures_of(scaling)}
    tables: dict[str, list[Table | None]] = {
        "throughput": [],
        "efficiency": [phase_table(scaling, phase) for phase in PHASES],
        "step_time": [breakdown_table(scaling), roof_table(scaling)],
        "comm_fraction": [all_reduce_table(scaling)],
        "memory": [memory_table(scaling)],
        "metrics": [curve_metric_table(scaling)],
    }
    parts = []
    for part, candidates in tables.items():
        there = [table for table in candidates if table]
        if part in figures or there:
            file_name = f"{name}_{part}.png"
            parts.append(Part(figures.get(part), file_name, there, _arithmetic(scaling, part)))
    points = [*scaling.curve.points, *(p for _, p in sorted(scaling.curve.repeats.items()))]
    return Section(
        anchor=name.replace(".", "-"),
        title=curve_title(scaling.curve),
        sentences=summary_of(scaling)[1:],
        method=scaling.curve.base.first.method,
        parameters=parameter_lines(scaling.curve.common),
        parts=parts,
        how=_stored_arithmetic(scaling),
        verdicts=_verification(scaling, points),
        absent=absent_table(points),
        raw=[raw for point in points for raw in _raw(point)],
    )


def _experiment(test_name: str, points: list[MergedPoint], anchor: str) -> Section:
    tables = point_tables(points)
    how = [
        (f"{name}, tp {point.tp}", metric.how_obtained)
        for point in points
        for name, metric in point.metrics.items()
    ]
    return Section(
        anchor=anchor,
        title=test_title(test_name),
        sentences=[f"{_count(len(points), 'point')} measured."],
        method=points[0].first.method,
        parameters=parameter_lines(common_values([point.parameters for point in points])),
        parts=[Part(None, "", tables, [])],
        how=how,
        verdicts=verdict_table(points),
        absent=absent_table(points),
        raw=[raw for point in points for raw in _raw(point)],
    )


def _arithmetic(scaling: Scaling, part: str) -> Pairs:
    """The formulas of the figure with their numbers put in."""
    if part == "efficiency":
        rows = [row for row in scaling.rows if row.how_obtained and row.tp != row.base_tp]
        return [(f"{row.phase.title}, tp {row.tp}", row.how_obtained) for row in rows]
    if part == "throughput":
        rows = [row for row in scaling.rows if row.throughput]
        return [
            (f"{row.phase.title}, tp {row.tp}", row.throughput.how_obtained)
            for row in rows
            if row.throughput
        ]
    return []


def _stored_arithmetic(scaling: Scaling) -> Pairs:
    return [
        (f"{name}, tp {point.tp}", metric.how_obtained)
        for point in scaling.curve.points
        if not scaling.reason(point)
        for name, metric in point.metrics.items()
    ]


def _verification(scaling: Scaling, points: list[MergedPoint]) -> Table | None:
    table = verdict_table(points)
    again = tuple(
        (
            str(tp),
            "token ids compared again by this report",
            {True: "passed", False: "FAILED", None: "not compared"}[equality.passed],
            equality.level or "–",
            equality.sentence,
        )
        for tp, equality in sorted(scaling.equality.items())
        if tp != scaling.curve.base.tp
    )
    if not table:
        titles = ("tp", "check", "verdict", "level", "what was compared and found")
        columns = tuple(Column(title, numeric=False) for title in titles)
        return Table("How it was verified", columns, again) if again else None
    return Table(table.title, table.columns, (*table.rows, *again))


def _raw(point: MergedPoint) -> list[RawPoint]:
    found = []
    for run in point.runs:
        lines = []
        for key in sorted(run.samples):
            series = run.samples[key]
            lines.append(
                f"{key} [{series.unit}], {series.clock}, {_count(series.warm_ups, 'warm-up')}"
            )
            for number, row in enumerate(series.rows[:MAX_RAW_ROWS]):
                mark = series.marks[number] if series.marks else ""
                kind = "  warm-up " if number < series.warm_ups else "  "
                figures = "  ".join(f"{value:.9g}" for value in row)
                lines.append(f"{kind}{figures}{'  ' + mark if mark else ''}")
            if len(series.rows) > MAX_RAW_ROWS:
                lines.append(f"  ... {len(series.rows) - MAX_RAW_ROWS} more in results.json")
        again = ", base again" if point.is_base_repeat else ""
        title = f"tp {point.tp}{again}, {run.test_date}, from {run.launch}, point {run.point_id}"
        found.append(RawPoint(title, lines))
    return found


def _hardware(results: Results) -> list[tuple[str, Pairs]]:
    by_tp: dict[str, Pairs] = {}
    for run in results.runs:
        facts = [(name, value_text(value)) for name, value in sorted(run.hardware.items())]
        by_tp.setdefault(f"tp {run.parameters.get('tp', 1)}, {run.launch}", facts)
    common = [fact for fact in next(iter(by_tp.values())) if all(fact in f for f in by_tp.values())]
    found = [("Everywhere the same", common)] if common else []
    for name, facts in sorted(by_tp.items()):
        differing = [fact for fact in facts if fact not in common]
        if differing:
            found.append((name, differing))
    return found


def _launches(results: Results) -> Table:
    by_launch: dict[tuple[str, str], list[str]] = {}
    for run in results.runs:
        command = value_text(run.provenance.get("command_line", ""))
        by_launch.setdefault((run.launch, command), []).append(run.test_date)
    rows = tuple(
        (launch, str(len(dates)), min(dates), max(dates), command)
        for (launch, command), dates in sorted(by_launch.items())
    )
    titles = ("launch", "points", "first", "last", "command line")
    return Table("Launches", tuple(Column(t, numeric=t == "points") for t in titles), rows)


def _provenance(results: Results) -> list[tuple[str, Pairs]]:
    common = common_values([run.provenance for run in results.runs])
    conditions = common_values([run.conditions for run in results.runs])
    return [
        ("Provenance", [(name, value_text(value)) for name, value in common.items()]),
        ("Conditions", [(name, value_text(value)) for name, value in conditions.items()]),
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
