"""A table a family of benchmarks."""

from __future__ import annotations

from collections import defaultdict

from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.tables import refused_table
from tpscale_analysis.merge import MergedPoint, unique
from tpscale_analysis.micro.benchmark_name import name_of
from tpscale_analysis.numbers import NONE, scale_for
from tpscale_analysis.point import Metric
from tpscale_analysis.statistics import interval_of
from tpscale_analysis.table import Column, Table

_FIRST = ("seconds", "busbw", "algbw", "flops", "of_peak", "bytes", "of_read")
_LEFT_OUT = ("min_s",)  # of repetitions that have a row of their own


def families(study: Study) -> dict[str, list[MergedPoint]]:
    """Points with figures by family, numbers in their names by size."""
    found: dict[str, list[MergedPoint]] = defaultdict(list)
    for point in sorted(study.measured, key=lambda p: (name_of(p).order, p.point_id)):
        found[name_of(point).family].append(point)
    return dict(found)


def micro_tables(study: Study) -> list[Table]:
    tables = [_table(family, points) for family, points in families(study).items()]
    refused = refused_table(study)
    return [*tables, *([refused] if refused else [])]


def figure_names(points: list[MergedPoint]) -> list[str]:
    """Seconds, then rates, then what else there is."""
    names = {name for point in points for name in point.metrics} - set(_LEFT_OUT)
    return [*(n for n in _FIRST if n in names), *sorted(names - set(_FIRST))]


def _table(family: str, points: list[MergedPoint]) -> Table:
    names = figure_names(points)
    rows = tuple(
        (
            name_of(point).rest,
            *(_cell(point.metrics.get(name)) for name in names),
            str(max((metric.samples for metric in point.metrics.values()), default=0)),
            "; ".join(_marks(point)),
            ", ".join(unique(run.launch for run in point.runs)),
        )
        for point in points
    )
    columns = (
        Column("benchmark", numeric=False),
        *(Column(name) for name in names),
        Column("samples"),
        Column("marks", numeric=False),
        Column("from", numeric=False),
    )
    return Table(family, columns, rows)


def _marks(point: MergedPoint) -> tuple[str, ...]:
    return unique(
        [*point.marks, *(mark for metric in point.metrics.values() for mark in metric.marks)]
    )


def _cell(metric: Metric | None) -> str:
    """Each in a unit of its own: a table holds nanoseconds beside seconds."""
    if metric is None:
        return NONE
    scale = scale_for(metric.unit, [metric.value])
    return f"{scale.show_interval(interval_of(metric))} {scale.unit}".rstrip()
