"""The figures of a study, as its view describes them; charts without numbers are left out."""

from __future__ import annotations

from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.view import Chart, FigureView
from tpscale_analysis.figures.bars import bars, stacked
from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.intervals import intervals
from tpscale_analysis.figures.memory_parts import memory_parts
from tpscale_analysis.figures.methods import methods
from tpscale_analysis.figures.sweep import sweep

_KINDS = {
    "bars": bars,
    "stacked": stacked,
    "sweep": sweep,
    "intervals": intervals,
    "memory": memory_parts,
    "methods": methods,
}


def study_figure(study: Study, view: FigureView, subject: str) -> Figure | None:
    """None where no chart has a number."""
    panels = [panel for chart in view.charts if (panel := _panel(study, chart))]
    if not panels:
        return None
    return Figure(view.name, view.title, subject, view.caption, tuple(panels))


def _panel(study: Study, chart: Chart) -> Panel | None:
    return _KINDS[chart.kind](study, chart)
