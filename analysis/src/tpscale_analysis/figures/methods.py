"""One figure of every method of a point: bars in the colours of their families, the axis fitted to what differs."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from matplotlib.axes import Axes

from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.view import Chart
from tpscale_analysis.figures.colours import method_colour
from tpscale_analysis.figures.figure import Panel
from tpscale_analysis.figures.style import Palette, thousands
from tpscale_analysis.figures.values import Value, axis_title, common_scale, drawn, short
from tpscale_analysis.statistics import Estimate

_FROM_ZERO = 0.6  # of the highest bar: where the lowest is below it, differences show from 0 on
_BELOW = 0.6  # of the differences: room below the lowest bar
_NEAR_ZERO = 0.4  # of the lowest bar: an axis that would begin below it begins at 0
_LOG = 30.0  # times the lowest bar: beyond it a linear axis shows the highest alone
_NAME_POINTS = 98.0  # characters of a name times their size that fit below an axis
_UPRIGHT = 4  # names and values of more bars stand on end


def methods(study: Study, chart: Chart) -> Panel | None:
    """Of the first point with figures; None where no method has this one."""
    if not study.measured:
        return None
    (stem,), point = chart.stems, study.measured[0]
    values = [
        Value(stem, arm, point, metric)
        for arm in study.arms
        if (metric := study.metric(point, stem, arm))
    ]
    if not values:
        return None
    return Panel(chart.title, lambda axes, palette: _draw(values, chart.axis, axes, palette))


def _draw(values: Sequence[Value], title: str, axes: Axes, palette: Palette) -> None:
    scale = common_scale(values)
    shown = [drawn(value, scale) for value in values]
    bottom, top, remark = fitted(shown)
    if remark.startswith("log"):
        axes.set_yscale("log")
    for place, (value, estimate) in enumerate(zip(values, shown, strict=True)):
        _bar(axes, place, value, estimate, palette)
    upright = len(values) > _UPRIGHT
    for place, estimate in enumerate(shown):
        axes.annotate(
            short(estimate.value), (place, max(estimate.high, bottom)), (0, 3), va="bottom",
            ha="center", textcoords="offset points", fontsize=6.5 if upright else 7.5,
            rotation=90 if upright else 0,
        )  # fmt: skip
    size = min(6.5, _NAME_POINTS / max(len(value.arm) for value in values))
    axes.set_xticks(range(len(values)), [value.arm for value in values], fontsize=size)
    axes.tick_params(axis="x", length=0, rotation=90 if upright else 0)
    axes.set_xlim(-0.7, len(values) - 0.3)
    axes.set_ylim(bottom, top)
    axes.set_ylabel(axis_title(title, scale))
    axes.text(
        1.0, 1.02, remark, transform=axes.transAxes, ha="right", va="bottom", fontsize=7.5,
        color=palette.muted,
    )  # fmt: skip
    if not remark.startswith("log"):
        thousands(axes)


def _bar(axes: Axes, place: int, value: Value, estimate: Estimate, palette: Palette) -> None:
    colour = method_colour(value.arm, palette)
    error = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
    axes.bar(
        place, estimate.value, 0.72, label=value.arm, linewidth=1.2, edgecolor=colour,
        color=colour if value.claimed else palette.surface, ecolor=palette.ink,
        capsize=2, yerr=error if estimate.low < estimate.high else None,
        error_kw={"elinewidth": 1.0},
    )  # fmt: skip


def fitted(shown: Sequence[Estimate]) -> tuple[float, float, str]:
    """Where the axis begins and ends, and what must be said of it: "" where it begins at 0."""
    least = min(estimate.value for estimate in shown)
    most = max(estimate.value for estimate in shown)
    ends = [least, *(estimate.low for estimate in shown)]
    highest = max(most, *(estimate.high for estimate in shown))
    if least <= 0.0:
        return min(0.0, *ends), 1.25 * highest or 1.0, ""
    if most > _LOG * least:
        bottom = 10.0 ** floor(log10(min(ends) if min(ends) > 0 else least))
        return bottom, highest * (highest / bottom) ** 0.25, f"logarithmic, from {short(bottom)}"
    if least < _FROM_ZERO * most or most == least:
        return 0.0, 1.25 * highest, ""
    lowest = max(0.0, min(ends))
    bottom = _rounded(max(0.0, lowest - _BELOW * (highest - lowest)), highest - lowest)
    if bottom < _NEAR_ZERO * lowest:
        return 0.0, 1.25 * highest, ""
    return bottom, highest + 0.35 * (highest - bottom), f"axis from {short(bottom)}"


def _rounded(value: float, span: float) -> float:
    """Down to a number that can be said, of the size of the differences."""
    step = 10.0 ** floor(log10(span)) if span > 0 else 1.0
    return round(floor(value / step) * step, 12)
