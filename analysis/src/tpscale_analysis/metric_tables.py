"""Tables of whatever figures the files hold, known or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tpscale_analysis.groups import common_values
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.numbers import (
    NONE,
    percent,
    percent_interval,
    scale_for,
    value_text,
)
from tpscale_analysis.point import Metric
from tpscale_analysis.scaling import Scaling, own_refusal
from tpscale_analysis.statistics import Estimate
from tpscale_analysis.table import Column, Table

# In a name: a share, shown in per cent.
_SHARES = (
    "_fraction", "mbu", "mfu", "_rate", "accuracy", "_share", "utilisation", "_saved", "fragmentation",
    "share_of_",
)  # fmt: skip
MAX_COLUMNS = 8
Label = Callable[[MergedPoint], str]


def curve_metric_table(scaling: Scaling) -> Table | None:
    points = [point for point in scaling.curve.points if not scaling.reason(point)]
    names = sorted({name for point in points for name in point.metrics})
    if not names:
        return None
    rows = []
    for name in names:
        metrics = [point.metrics.get(name) for point in points]
        label, cells = show_metrics(name, metrics)
        marks = dict.fromkeys(mark for metric in metrics if metric for mark in metric.marks)
        starred = [
            f"{cell} *" if metric and metric.marks else cell
            for cell, metric in zip(cells, metrics, strict=True)
        ]
        rows.append((label, *starred, "; ".join(marks)))
    columns = (
        Column("figure", numeric=False),
        *[Column(f"tp {point.tp}") for point in points],
        Column("marks of *", numeric=False),
    )
    return Table("Every figure of the files", columns, tuple(rows))


def point_tables(points: Sequence[MergedPoint]) -> list[Table]:
    """Points of an experiment without a curve: one a row, by the parameters that differ."""
    common = common_values([point.parameters for point in points])
    varying = sorted({name for point in points for name in point.parameters if name not in common})
    names = sorted({name for point in points for name in point.metrics})
    tables = []
    for start in range(0, max(len(names), 1), MAX_COLUMNS):
        shown = [
            show_metrics(name, [point.metrics.get(name) for point in points])
            for name in names[start : start + MAX_COLUMNS]
        ]
        rows = [
            (
                *[value_text(point.parameters.get(name, NONE)) for name in varying],
                *[cells[index] for _, cells in shown],
                "; ".join(part for part in (*point.marks, own_refusal(point)) if part),
            )
            for index, point in enumerate(points)
        ]
        columns = (
            *[Column(name, numeric=False) for name in varying],
            *[Column(label) for label, _ in shown],
            Column("marks", numeric=False),
        )
        tables.append(Table("Figures", columns, tuple(rows)))
    return tables


def is_share(name: str, unit: str) -> bool:
    return unit == "1" and any(share in name for share in _SHARES)


def show_metrics(
    name: str, metrics: Sequence[Metric | None], stem: str = ""
) -> tuple[str, list[str]]:
    """The label with its unit, and a cell for each, all in one unit. `stem`: the figure, where `name` is a label."""
    there = [metric for metric in metrics if metric]
    unit = there[0].unit if there else ""
    if is_share(stem or name, unit):
        return name, [_cell(metric, share=True) for metric in metrics]
    scale = scale_for(unit, [metric.value for metric in there])
    cells = [
        scale.show_interval(Estimate(metric.value, metric.low, metric.high)) if metric else NONE
        for metric in metrics
    ]
    return f"{name} [{scale.unit}]" if scale.unit else name, cells


def _cell(metric: Metric | None, share: bool) -> str:
    if not metric:
        return NONE
    if metric.low == metric.high:
        return percent(metric.value)
    return percent_interval(Estimate(metric.value, metric.low, metric.high)) if share else NONE


def degree_label(point: MergedPoint) -> str:
    """What tells the points of a curve apart."""
    return f"{point.tp}{' again' if point.is_base_repeat else ''}"


def absent_table(
    points: Sequence[MergedPoint], head: str = "tp", label: Label = lambda point: str(point.tp)
) -> Table | None:
    """What was not measured, and why; one line a reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for point in points:
        for name, reason in point.absent.items():
            found.setdefault((name, reason), []).append(label(point))
    if not found:
        return None
    rows = tuple(
        (name, ", ".join(dict.fromkeys(labels)), reason)
        for (name, reason), labels in sorted(found.items())
    )
    columns = tuple(Column(title, numeric=False) for title in ("figure", head, "why it is absent"))
    return Table("Not measured", columns, rows)


def verdict_table(
    points: Sequence[MergedPoint], head: str = "tp", label: Label = degree_label
) -> Table | None:
    rows = tuple(
        (
            label(point),
            verdict.name,
            "passed" if verdict.passed else "FAILED",
            verdict.level or NONE,
            verdict.sentence,
        )
        for point in points
        for verdict in point.verdicts
    )
    if not rows:
        return None
    titles = (head, "check", "verdict", "level", "what was compared and found")
    return Table("How it was verified", tuple(Column(t, numeric=False) for t in titles), rows)
