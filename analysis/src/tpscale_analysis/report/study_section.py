"""The section of one study: what its view shows, and what every experiment has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tpscale_analysis.experiments.part_tables import part_tables
from tpscale_analysis.experiments.sentences import study_sentences
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.tables import (
    every_figure,
    percentile_table,
    refused_table,
)
from tpscale_analysis.experiments.timeline import timelines
from tpscale_analysis.experiments.view import FigureView, PartView
from tpscale_analysis.experiments.views import view_of
from tpscale_analysis.figures.study_figure import study_figure
from tpscale_analysis.figures.timeline import timeline_figure
from tpscale_analysis.headings import parameter_lines, study_title
from tpscale_analysis.metric_tables import absent_table, verdict_table
from tpscale_analysis.quality_tables import study_quality
from tpscale_analysis.report.content import Pairs, Part, Section
from tpscale_analysis.report.raw import raw_points
from tpscale_analysis.table import Table


def study_section(study: Study, name: str) -> Section:
    view = view_of(study.test_name)
    parts = [one for part in (view.parts if view else ()) for one in _parts(study, part, name)]
    parts.append(_tables(study_quality(study)))
    if not view:
        parts.append(_tables(percentile_table(study)))
    for number, line in enumerate(timelines(study), 1):
        figure = timeline_figure(line, study_title(study))
        parts.append(Part(figure, f"{name}_timeline-{number}.png", [], []))
    parts.append(_tables(*every_figure(study), refused_table(study)))
    return Section(
        anchor=name.replace(".", "-"),
        title=study_title(study),
        sentences=study_sentences(study, view.headlines if view else study.stems()),
        method=study.points[0].first.method,
        parameters=parameter_lines(study.common),
        parts=[part for part in parts if part.figure or part.tables],
        how=_arithmetic(study, study.stems()),
        verdicts=verdict_table(study.points, "point", study.label),
        absent=absent_table(study.points, "point", study.label),
        raw=raw_points(study.points, "", study.label),
    )


def _parts(study: Study, view: PartView, name: str) -> list[Part]:
    tables = part_tables(study, view)
    if not view.figure:
        return [_tables(*tables)]
    stems = list(dict.fromkeys(stem for one in view.tables for stem in one.stems))
    how = _arithmetic(study, stems)
    if not view.figure.each_point:
        figure = study_figure(study, view.figure, study_title(study))
        return [Part(figure, f"{name}_{view.figure.name}.png", tables, how)]
    return [*_of_each_point(study, view.figure, name), Part(None, "", tables, how)]


def _of_each_point(study: Study, view: FigureView, name: str) -> list[Part]:
    found = []
    for number, point in enumerate(study.measured, 1):
        where = f", {study.label(point)}" if len(study.points) > 1 else ""
        figure = study_figure(replace(study, points=(point,)), view, study_title(study) + where)
        end = f"-{number}" if number > 1 else ""
        found.append(Part(figure, f"{name}_{view.name}{end}.png", [], []))
    return found


def _tables(*tables: Table | None) -> Part:
    return Part(None, "", [table for table in tables if table], [])


def _arithmetic(study: Study, stems: Sequence[str]) -> Pairs:
    """The formulas of these figures with their numbers put in."""
    found = []
    for point in study.measured:
        for stem in stems:
            for arm in dict.fromkeys(("", *study.arms)):
                metric = study.metric(point, stem, arm)
                where = study.label(point) if len(study.points) > 1 else ""
                if metric:
                    title = ", ".join(part for part in (metric.name, where) if part)
                    found.append((title, metric.how_obtained))
    return found
