"""The section of an ablation that has tables of its own."""

from __future__ import annotations

from collections.abc import Sequence

from tpscale_analysis.figures.graph_gain import graph_gain
from tpscale_analysis.figures.projected import projected
from tpscale_analysis.graph_gain import GraphStudy
from tpscale_analysis.graph_tables import cost_table, gain_table, graph_sentences
from tpscale_analysis.groups import common_values, count_of
from tpscale_analysis.headings import group_title, parameter_lines
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.metric_tables import (
    Label,
    absent_table,
    degree_label,
    point_tables,
    verdict_table,
)
from tpscale_analysis.projection import Projection
from tpscale_analysis.projection_tables import computing_table, projection_table, shard_sentences
from tpscale_analysis.report.content import Pairs, Part, Section
from tpscale_analysis.report.raw import raw_points
from tpscale_analysis.table import Table


def graph_section(study: GraphStudy, name: str) -> Section:
    parts = [Part(None, "", [gain_table(study)], [])]
    for tp in sorted({gain.tp for gain in study.measured}):
        figure = graph_gain(study, tp)
        if figure:
            parts.append(Part(figure, f"{name}_{figure.name}.png", [], []))
    parts.append(Part(None, "", _there(cost_table(study)), []))
    return _section(
        name, group_title(study.group), graph_sentences(study), parts, study.group.points,
        "point", lambda point: f"tp {point.tp}, batch {count_of(point, 'batch_size')}",
    )  # fmt: skip


def shard_section(projection: Projection, name: str) -> Section:
    study, figure = projection.study, projected(projection)
    how = [
        (f"projection, {row.phase.title.lower()} on {row.degree} ranks", row.how_obtained)
        for row in projection.rows
        if row.how_obtained
    ]
    parts = [
        Part(None, "", [computing_table(study)], []),
        Part(figure, f"{name}_projection.png", _there(projection_table(projection)), how),
    ]
    return _section(
        name, group_title(study.group), shard_sentences(projection), parts, study.group.points,
        "shard of", lambda point: str(count_of(point, "shard_of")),
    )  # fmt: skip


def _section(
    anchor: str,
    title: str,
    sentences: list[str],
    parts: list[Part],
    points: Sequence[MergedPoint],
    head: str = "tp",
    label: Label = degree_label,
) -> Section:
    every = Part(None, "", point_tables(points), [])
    how: Pairs = [
        (f"{name}, {head} {label(point)}", metric.how_obtained)
        for point in points
        for name, metric in point.metrics.items()
    ]
    return Section(
        anchor=anchor.replace(".", "-"),
        title=title,
        sentences=sentences,
        method=points[0].first.method,
        parameters=parameter_lines(common_values([point.parameters for point in points])),
        parts=[part for part in (*parts, every) if part.figure or part.tables],
        how=how,
        verdicts=verdict_table(points, head, label),
        absent=absent_table(points, head, label),
        raw=raw_points(points, head, label),
    )


def _there(table: Table | None) -> list[Table]:
    return [table] if table else []
