"""The tables of a study: by arm, by percentile, and of every figure that the files hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tpscale_analysis.experiments.arms import of_arm
from tpscale_analysis.experiments.labels import label
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.view import TableView
from tpscale_analysis.merge import MergedPoint, unique
from tpscale_analysis.metric_tables import show_metrics
from tpscale_analysis.numbers import NONE, value_text
from tpscale_analysis.point import Metric
from tpscale_analysis.scaling import own_refusal
from tpscale_analysis.table import Column, Table

MAX_COLUMNS = 9  # of figures in one table
_MAX_ACROSS = 5  # figures of a single point that stand side by side
_MAX_SIDES = 6  # points and arms that stand side by side
_STATISTIC = re.compile(r"^(?P<what>.+)_(?P<statistic>mean|p\d{1,2}|max)(?P<unit>_seconds)?$")
_STATISTICS = ("mean", "p50", "p90", "p95", "p99", "max")
Row = tuple[str, ...]


def view_tables(study: Study, view: TableView) -> list[Table]:
    """One for the figures of the arms and one for those that compare them, in the order of the view's stems."""
    wanted = _expanded(study, view.stems)
    by_arm = [s for s in wanted if any(study.has(s, arm) for arm in study.arms)]
    by_point = [s for s in wanted if study.has(s) and s not in by_arm]
    tables: list[Table] = []
    for stems, arms in ((by_arm, study.arms), (by_point, ("",))):
        if arms == ("",) and len(study.measured) == 1 and len(stems) > _MAX_ACROSS:
            sides = [(study.measured[0], "")]
            rows = tuple(_figure_row(study, stem, sides) for stem in stems)
            tables.append(Table(view.title, _side_columns(study, sides), rows, view.note))
            continue
        for start in range(0, len(stems), MAX_COLUMNS):
            note = view.note if not tables else ""
            tables.append(_rows(study, view.title, stems[start : start + MAX_COLUMNS], arms, note))
    return tables


def _expanded(study: Study, stems: Sequence[str]) -> list[str]:
    """A stem such as slots_* stands for every figure that begins so."""
    found = []
    for stem in stems:
        start = stem.removesuffix("*")
        found += [stem] if start == stem else [s for s in study.stems() if s.startswith(start)]
    return found


def _rows(study: Study, title: str, stems: Sequence[str], arms: Sequence[str], note: str) -> Table:
    sides = [(point, arm) for point in study.points for arm in arms]
    shown = [
        show_metrics(label(stem), [study.metric(point, stem, arm) for point, arm in sides], stem)
        for stem in stems
    ]
    with_arms = arms != ("",)
    rows = tuple(
        (
            *parameter_cells(study, point),
            *((arm,) if with_arms else ()),
            *[cells[index] for _, cells in shown],
            _marks(study, point, [of_arm(stem, arm) for stem in stems]),
        )
        for index, (point, arm) in enumerate(sides)
    )
    columns = (
        *parameter_columns(study),
        *((Column("arm", numeric=False),) if with_arms else ()),
        *[Column(head) for head, _ in shown],
        Column("marks", numeric=False),
    )
    return Table(title, columns, rows, note)


def percentile_table(study: Study) -> Table | None:
    """Latencies a row each, their statistics beside one another; None where there are no percentiles."""
    families: dict[str, dict[str, str]] = {}
    for stem in study.stems():
        match = _STATISTIC.match(stem)
        if match:
            families.setdefault(match["what"], {})[match["statistic"]] = stem
    families = {what: found for what, found in families.items() if len(found) > 1}
    statistics = [s for s in _STATISTICS if any(s in found for found in families.values())]
    if not families:
        return None
    rows: list[Row] = []
    for what, found in families.items():
        for point in study.points:
            for arm in study.sides:
                metrics = [study.metric(point, found.get(s, ""), arm) for s in statistics]
                if any(metrics):
                    head, cells = show_metrics(label(what), metrics)
                    names = [of_arm(stem, arm) for stem in found.values()]
                    marks = _marks(study, point, names)
                    side = (arm,) if study.arms else ()
                    rows.append((head, *parameter_cells(study, point), *side, *cells, marks))
    columns = (
        Column("latency", numeric=False),
        *parameter_columns(study),
        *((Column("arm", numeric=False),) if study.arms else ()),
        *[Column(statistic) for statistic in statistics],
        Column("marks", numeric=False),
    )
    note = (
        "Of all requests of a repetition; the figure is the median over repetitions with its 95 % interval. "
        "TTFT: arrival to first token, of which queue is the waiting before its prefill began and prefill the "
        "rest. TPOT: (last - first token) / (output tokens - 1). ITL: gaps between tokens, pooled."
    )
    return Table("Latencies", columns, tuple(rows), note)


def every_figure(study: Study) -> list[Table]:
    """All that the files hold: a row a figure where few points and arms stand beside one another, else a row each."""
    tables = []
    for arms, title in ((study.arms, "Every figure of the arms"), (("",), "Every other figure")):
        sides = [(point, arm) for point in study.measured for arm in arms]
        stems = [s for s in study.stems() if any(study.metric(p, s, arm) for p, arm in sides)]
        if 0 < len(sides) <= _MAX_SIDES:
            rows = tuple(_figure_row(study, stem, sides) for stem in stems)
            tables.append(Table(title, _side_columns(study, sides), rows))
            continue
        for start in range(0, len(stems), MAX_COLUMNS):
            tables.append(_rows(study, title, stems[start : start + MAX_COLUMNS], arms, ""))
    return [table for table in tables if table.rows]


def refused_table(study: Study) -> Table | None:
    """The points that have no figures, and why; None where all have."""
    rows = tuple(
        (study.label(point), own_refusal(point)) for point in study.points if own_refusal(point)
    )
    columns = (Column("point", numeric=False), Column("why it has no figures", numeric=False))
    return Table("Points without figures", columns, rows) if rows else None


def _figure_row(study: Study, stem: str, sides: Sequence[tuple[MergedPoint, str]]) -> Row:
    metrics = [study.metric(point, stem, arm) for point, arm in sides]
    head, cells = show_metrics(stem, metrics)
    starred = [
        f"{cell} *" if metric and metric.marks else cell
        for cell, metric in zip(cells, metrics, strict=True)
    ]
    return (head, *starred, "; ".join(_of(metrics)))


def _side_columns(study: Study, sides: Sequence[tuple[MergedPoint, str]]) -> tuple[Column, ...]:
    several = len({id(point) for point, _ in sides}) > 1
    heads = [
        ", ".join(part for part in (study.label(point) if several else "", arm) if part) or "value"
        for point, arm in sides
    ]
    return (
        Column("figure", numeric=False),
        *[Column(head) for head in heads],
        Column("marks of *", numeric=False),
    )


def _of(metrics: Sequence[Metric | None]) -> tuple[str, ...]:
    return unique(mark for metric in metrics if metric for mark in metric.marks)


def parameter_columns(study: Study) -> tuple[Column, ...]:
    return tuple(Column(name.replace("_", " "), numeric=False) for name in study.varying)


def parameter_cells(study: Study, point: MergedPoint) -> Row:
    return tuple(value_text(point.parameters.get(name, NONE)) for name in study.varying)


def _marks(study: Study, point: MergedPoint, names: Sequence[str]) -> str:
    reason = own_refusal(point)
    metrics = [] if reason else [point.metrics.get(name) for name in names]
    return "; ".join(unique((*point.marks, *_of(metrics), reason)))
