"""A line of measured points with intervals; hollow where no claim is made."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from tpscale_analysis.figures.style import Palette
from tpscale_analysis.scaling import Scaling, ScalingRow
from tpscale_analysis.scaling_tables import NO_CLAIM
from tpscale_analysis.statistics import Estimate

MARKERS = {"prefill": "o", "decode": "s", "end_to_end": "D"}


def degrees_of(scaling: Scaling) -> list[int]:
    return [point.tp for point in scaling.curve.points]


def draw_series(
    axes: Axes,
    points: Sequence[tuple[ScalingRow, Estimate]],
    colour: str,
    label: str,
    palette: Palette,
    shift: float = 0.0,
) -> None:
    x = [row.tp + shift for row, _ in points]
    y = [estimate.value for _, estimate in points]
    below = [estimate.value - estimate.low for _, estimate in points]
    above = [estimate.high - estimate.value for _, estimate in points]
    marker = MARKERS[points[0][0].phase.name] if points else "o"
    axes.errorbar(
        x, y, yerr=[below, above], color=colour, label=label, marker=marker, elinewidth=1.2
    )  # fmt: skip
    hollow = [i for i, (row, _) in enumerate(points) if set(NO_CLAIM) & set(row.marks)]
    axes.plot(
        [x[i] for i in hollow], [y[i] for i in hollow], linestyle="none", marker=marker,
        markerfacecolor=palette.surface, markeredgecolor=colour, markeredgewidth=1.5, zorder=5,
    )  # fmt: skip
