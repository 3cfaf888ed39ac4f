"""Speed-up and efficiency against degree, all phases together."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.series import degrees_of, draw_series
from tpscale_analysis.figures.style import Palette, degree_axis, legend_below
from tpscale_analysis.headings import curve_title
from tpscale_analysis.scaling import PHASES, Scaling, ScalingRow
from tpscale_analysis.statistics import Estimate


def efficiency(scaling: Scaling) -> Figure | None:
    if not any(row.efficiency for row in scaling.rows) or len(scaling.curve.points) < 2:
        return None
    base = scaling.curve.base.tp
    return Figure(
        name="efficiency",
        title="Speed-up and efficiency",
        subject=curve_title(scaling.curve),
        caption=(
            f"Against tp {base}. Dashed: perfect scaling. Bars: the 95 % interval of the ratio. "
            "Hollow: oversubscribed or tainted, nothing is claimed from it."
        ),
        panels=(
            Panel("Speed-up", lambda axes, palette: _speedup(scaling, axes, palette)),
            Panel("Efficiency", lambda axes, palette: _efficiency(scaling, axes, palette)),
        ),
    )


def _speedup(scaling: Scaling, axes: Axes, palette: Palette) -> None:
    degrees, base = degrees_of(scaling), scaling.curve.base.tp
    axes.plot(
        degrees, [p / base for p in degrees],
        linestyle=(0, (4, 3)), linewidth=1.2, color=palette.muted,
    )  # fmt: skip
    _phases(scaling, axes, palette, lambda row: row.speedup)
    axes.set_ylabel(f"T({base}) / T(p)" if scaling.curve.kind == "strong" else "scaled speed-up")


def _efficiency(scaling: Scaling, axes: Axes, palette: Palette) -> None:
    axes.axhline(1.0, linestyle=(0, (4, 3)), linewidth=1.2, color=palette.muted)
    _phases(scaling, axes, palette, lambda row: row.efficiency)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylabel("efficiency")


def _phases(
    scaling: Scaling,
    axes: Axes,
    palette: Palette,
    figure: Callable[[ScalingRow], Estimate | None],
) -> None:
    degrees = degrees_of(scaling)
    for index, phase in enumerate(PHASES):
        rows = [(row, figure(row)) for row in scaling.of_phase(phase)]
        points = [(row, estimate) for row, estimate in rows if estimate]
        if points:
            shift = 0.008 * (index - 1) * max(degrees)  # so that intervals do not cover each other
            colour = getattr(palette, phase.name)
            draw_series(axes, points, colour, phase.title.lower(), palette, shift)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.03)
    degree_axis(axes, [float(p) for p in degrees], degrees)
    legend_below(axes, 3)
