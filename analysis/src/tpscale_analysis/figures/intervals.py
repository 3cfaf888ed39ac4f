"""Figures with their intervals beside the line where there is no difference."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes

from tpscale_analysis.experiments.labels import label
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.view import Chart
from tpscale_analysis.figures.bars import MAX_CATEGORIES, values_of
from tpscale_analysis.figures.colours import arm_colour
from tpscale_analysis.figures.figure import Panel
from tpscale_analysis.figures.style import Palette
from tpscale_analysis.figures.values import Value, axis_title, common_scale, drawn, short


def intervals(study: Study, chart: Chart) -> Panel | None:
    values = values_of(study, chart)[:MAX_CATEGORIES]
    if not values:
        return None
    several = len({id(value.point) for value in values}) > 1

    def draw(axes: Axes, palette: Palette) -> None:
        scale = common_scale(values)
        for place, value in enumerate(values):
            estimate = drawn(value, scale)
            colour = arm_colour(value.arm, chart.stems.index(value.stem), palette)
            error = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
            axes.errorbar(
                estimate.value, -place, xerr=error, marker="o", linestyle="none", color=colour,
                markerfacecolor=colour if value.claimed else palette.surface,
            )  # fmt: skip
            text = f"{_name(study, value, several)}: {short(estimate.value)}"
            axes.annotate(
                "\n".join(textwrap.wrap(text, 46)[:2]), (0.02, -place + 0.18), fontsize=7.5,
                xycoords=("axes fraction", "data"), va="bottom",
            )  # fmt: skip
        if chart.none is not None:
            axes.axvline(
                chart.none / scale.factor if scale.unit == "%" else chart.none,
                linewidth=1.0, color=palette.muted,
            )  # fmt: skip
        axes.set_yticks([])
        axes.set_ylim(-len(values) + 0.4, 0.8)
        axes.grid(axis="x")
        axes.set_xlabel(axis_title(chart.axis, scale))

    return Panel(chart.title, draw)


def _name(study: Study, value: Value, several: bool) -> str:
    parts = (label(value.stem), value.arm, study.label(value.point) if several else "")
    return ", ".join(part for part in parts if part)
