"""The section of one scaling curve."""

from __future__ import annotations

from tpscale_analysis.figures.catalogue import figures_of
from tpscale_analysis.headings import curve_title, parameter_lines
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.metric_tables import absent_table, curve_metric_table, verdict_table
from tpscale_analysis.quality_tables import curve_quality
from tpscale_analysis.report.content import Pairs, Part, Section
from tpscale_analysis.report.raw import raw_points
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


def curve_section(scaling: Scaling, name: str) -> Section:
    figures = {figure.name: figure for figure in figures_of(scaling)}
    tables: dict[str, list[Table | None]] = {
        "throughput": [],
        "efficiency": [phase_table(scaling, phase) for phase in PHASES],
        "step_time": [breakdown_table(scaling), roof_table(scaling)],
        "comm_fraction": [all_reduce_table(scaling)],
        "memory": [memory_table(scaling)],
        "quality": [curve_quality(scaling)],
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
        raw=raw_points(points),
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
