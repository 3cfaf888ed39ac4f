"""The components of a rank's memory beside the sizes that follow from the shapes."""

from __future__ import annotations

from matplotlib.axes import Axes

from tpscale_analysis.experiments.memory_table import memory_uses
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.view import Chart
from tpscale_analysis.figures.bars import finish
from tpscale_analysis.figures.figure import Panel
from tpscale_analysis.figures.style import Palette
from tpscale_analysis.figures.values import short
from tpscale_analysis.memory import COMPONENTS
from tpscale_analysis.numbers import scale_for

_SHOWN = (*COMPONENTS, "peak")
_WIDTH = 0.38


def memory_parts(study: Study, chart: Chart) -> Panel | None:
    """Of the first point; None where no memory was read."""
    uses = memory_uses(study)
    mine = [use for point, use in uses if point is uses[0][0] and use.name in _SHOWN and use.high]
    if not mine:
        return None

    def draw(axes: Axes, palette: Palette) -> None:
        scale = scale_for("B", [use.high for use in mine])
        for place, use in enumerate(mine):
            bars = [(use.high, palette.prefill, "measured")]
            if use.analytic:
                bars.append((use.analytic, palette.muted, "from the shapes"))
            for index, (size, colour, name) in enumerate(bars):
                x = place + (index - (len(bars) - 1) / 2) * _WIDTH
                height = size / scale.factor
                axes.bar(x, height, 0.92 * _WIDTH, color=colour, label=name)
                axes.text(x, height, short(height), ha="center", va="bottom", fontsize=7)
        finish(axes, [use.name.replace("_", " ") for use in mine], f"memory [{scale.unit}]", 1)
        handles, names = axes.get_legend_handles_labels()
        once = dict(zip(names, handles, strict=True))
        axes.legend(
            once.values(), once.keys(), loc="upper center", bbox_to_anchor=(0.5, -0.17), ncol=2
        )

    return Panel(chart.title, draw)
