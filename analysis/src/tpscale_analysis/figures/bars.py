"""Bars beside and upon one another, with their values on them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from tpscale_analysis.experiments.arms import is_base
from tpscale_analysis.experiments.labels import label
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.view import Chart
from tpscale_analysis.figures.colours import arm_colour
from tpscale_analysis.figures.figure import Panel
from tpscale_analysis.figures.style import Palette, legend_below, thousands
from tpscale_analysis.figures.values import Value, axis_title, common_scale, drawn, short
from tpscale_analysis.numbers import Scale
from tpscale_analysis.point import Metric

_WIDTH = 0.78  # of all bars of a category
MAX_CATEGORIES = 12
_MAX_LABELS = 16  # bars that have room for their values


def bars(study: Study, chart: Chart) -> Panel | None:
    """Categories are the figures where there is one point, else the points; a colour is an arm."""
    values = [v for v in values_of(study, chart) if v.point in study.measured[:MAX_CATEGORIES]]
    if not values:
        return None
    single = len({id(value.point) for value in values}) == 1
    one_figure = len({value.stem for value in values}) == 1
    alone = single and one_figure  # a bar an arm, named below it
    by_arm = single or one_figure  # the title says which figure
    rows: dict[str, list[Value]] = {}
    series: dict[str, None] = {}
    for value in values:
        category = label(value.stem) if single else study.label(value.point)
        category = value.arm.replace("_", " ") if alone and value.arm else category
        rows.setdefault(category, []).append(value)
        series.setdefault(_series(value, by_arm), None)

    def draw(axes: Axes, palette: Palette) -> None:
        scale = common_scale(values)
        names = list(series)
        arm_of = {_series(value, by_arm): value.arm for value in values}
        colours = _colours(study, names, arm_of, by_arm, palette)
        width = _WIDTH / (1 if alone else len(names))
        for place, category in enumerate(rows.values()):
            for value in category:
                name = _series(value, by_arm)
                index = names.index(name)
                x = place + (0 if alone else (index - (len(names) - 1) / 2) * width)
                labelled = len(values) <= _MAX_LABELS
                _bar(axes, x, width, value, scale, colours[name], palette, labelled)
        for name in names if len(names) > 1 and not alone else []:
            axes.bar([0], [0], color=colours[name], label=name)
        finish(axes, list(rows), axis_title(chart.axis, scale), 1 if alone else len(names))

    return Panel(chart.title, draw)


def stacked(study: Study, chart: Chart) -> Panel | None:
    """A bar an arm and point, the figures upon one another."""
    values = [v for v in values_of(study, chart) if v.point in study.measured[:MAX_CATEGORIES]]
    if not values:
        return None
    several = len({id(value.point) for value in values}) > 1
    stacks: dict[str, list[Value]] = {}
    for value in values:
        parts = (study.label(value.point) if several else "", value.arm.replace("_", " "))
        stacks.setdefault(", ".join(part for part in parts if part), []).append(value)

    def draw(axes: Axes, palette: Palette) -> None:
        totals = [
            Value(stack[0].stem, "", stack[0].point, _largest(stack)) for stack in stacks.values()
        ]
        scale = common_scale(totals)
        stems = [stem for stem in chart.stems if any(v.stem == stem for v in values)]
        for place, stack in enumerate(stacks.values()):
            bottom = 0.0
            for value in sorted(stack, key=lambda v: stems.index(v.stem)):
                height = value.metric.value / scale.factor
                axes.bar(
                    place, height, 0.62, bottom, edgecolor=palette.surface, linewidth=0.6,
                    color=arm_colour("", stems.index(value.stem), palette),
                )  # fmt: skip
                bottom += height
            axes.text(place, bottom, short(bottom), ha="center", va="bottom", fontsize=8)
        for index, stem in enumerate(stems):
            axes.bar([0], [0], color=arm_colour("", index, palette), label=label(stem))
        finish(axes, list(stacks), axis_title(chart.axis, scale), len(stems))

    return Panel(chart.title, draw)


def values_of(study: Study, chart: Chart) -> list[Value]:
    """All that the chart shows, in one unit: that of the first."""
    found = [
        Value(stem, arm, point, metric)
        for stem in chart.stems
        for point in study.measured
        for arm in dict.fromkeys((*study.arms, ""))
        if (metric := study.metric(point, stem, arm))
    ]
    return [value for value in found if value.metric.unit == found[0].metric.unit]


def _colours(
    study: Study, names: Sequence[str], arm_of: Mapping[str, str], by_arm: bool, palette: Palette
) -> dict[str, str]:
    """One for each arm, the same in every panel; by the place of the series where that does not tell them apart."""
    others = [arm for arm in study.arms if not is_base(arm)]
    if by_arm and len(study.arms) - len(others) <= 1:
        order = others or names
        places = {name: order.index(name) if name in order else 0 for name in names}
        return {name: arm_colour(arm_of[name], places[name], palette) for name in names}
    order = study.arms if by_arm and set(names) <= set(study.arms) else names
    return {name: arm_colour("", order.index(name), palette) for name in names}


def _series(value: Value, by_arm: bool) -> str:
    if by_arm:
        return value.arm
    return ", ".join(part for part in (value.arm, label(value.stem)) if part)


def _bar(
    axes: Axes, x: float, width: float, value: Value, scale: Scale, colour: str,
    palette: Palette, labelled: bool,
) -> None:  # fmt: skip
    estimate = drawn(value, scale)
    error = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
    axes.bar(
        x, estimate.value, 0.92 * width, ecolor=palette.ink, capsize=2,
        yerr=error if estimate.low < estimate.high else None,
        error_kw={"elinewidth": 1.0}, linewidth=1.2, edgecolor=colour,
        color=colour if value.claimed else palette.surface,
    )  # fmt: skip
    if labelled:
        axes.annotate(
            short(estimate.value), (x, max(estimate.high, 0.0)), (0, 2), ha="center", va="bottom",
            textcoords="offset points", fontsize=7.5,
        )  # fmt: skip


def _largest(stack: Sequence[Value]) -> Metric:
    return max((value.metric for value in stack), key=lambda metric: metric.value)


def finish(axes: Axes, categories: Sequence[str], title: str, series: int) -> None:
    """Names under the bars, the axis and, of several series, the legend."""
    width = 14 if len(categories) < 4 else 11
    wrapped = ["\n".join(textwrap.wrap(name[:44], width)[:2]) for name in categories]
    axes.set_xticks(range(len(wrapped)), wrapped, fontsize=8 if len(wrapped) < 6 else 6.5)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(wrapped) - 0.4)
    axes.set_ylabel(title)
    axes.margins(y=0.12)
    thousands(axes)
    if series > 1:
        legend_below(axes, 3)
