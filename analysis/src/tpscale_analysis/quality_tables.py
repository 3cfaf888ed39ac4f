"""How well the model predicted the text that a launch judges all its points by: quality beside speed."""

from __future__ import annotations

from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.tables import view_tables
from tpscale_analysis.experiments.view import TableView
from tpscale_analysis.metric_tables import show_metrics
from tpscale_analysis.scaling import Scaling
from tpscale_analysis.scaling_tables import measured_points
from tpscale_analysis.table import Column, Table

_STEMS = ("perplexity", "accuracy", "bits_per_byte")
_TITLE = "Quality"
_NOTE = (
    "Of the text that a launch judges every point by, scored once by the point's engine outside all timed regions. A "
    "perplexity is of one token; the longest sequence that the engine has room for bounds what stands before each."
)


def study_quality(study: Study) -> Table | None:
    """None where no point was judged as a whole; arms that are compared by quality have tables of their own."""
    if not study.has("perplexity"):
        return None
    tables = view_tables(study, TableView(_TITLE, _STEMS, _NOTE))
    return next((table for table in tables if "arm" not in [c.title for c in table.columns]), None)


def curve_quality(scaling: Scaling) -> Table | None:
    """A row a degree; None where the launch had no text."""
    points = [point for point in measured_points(scaling) if "perplexity" in point.metrics]
    shown = [
        show_metrics(name.replace("_", " "), [point.metrics.get(name) for point in points], name)
        for name in _STEMS
        if any(name in point.metrics for point in points)
    ]
    if not shown:
        return None
    rows = tuple(
        (str(point.tp), *(cells[index] for _, cells in shown)) for index, point in enumerate(points)
    )
    columns = (Column("tp"), *(Column(head) for head, _ in shown))
    return Table(_TITLE, columns, rows, _NOTE)
