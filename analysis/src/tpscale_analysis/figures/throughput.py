"""Throughput against degree, beside the line of perfect scaling."""

from __future__ import annotations

from matplotlib.axes import Axes

from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.series import degrees_of, draw_series
from tpscale_analysis.figures.style import Palette, degree_axis, legend_below, thousands
from tpscale_analysis.headings import curve_title
from tpscale_analysis.scaling import PHASES, Phase, Scaling
from tpscale_analysis.statistics import Estimate


def throughput(scaling: Scaling) -> Figure | None:
    phases = [p for p in PHASES if any(row.throughput for row in scaling.of_phase(p))]
    if not phases:
        return None
    return Figure(
        name="throughput",
        title="Throughput",
        subject=curve_title(scaling.curve),
        caption=(
            "Tokens a second of each phase. Dashed: the base times the degree. Bars: the 95 % interval. "
            "Hollow: oversubscribed or tainted, nothing is claimed from it."
        ),
        panels=tuple(_panel(scaling, phase) for phase in phases),
    )


def _panel(scaling: Scaling, phase: Phase) -> Panel:
    rows = [row for row in scaling.of_phase(phase) if row.throughput]

    def draw(axes: Axes, palette: Palette) -> None:
        degrees = degrees_of(scaling)
        base = next((row for row in rows if row.tp == row.base_tp), None)
        if base and base.throughput and len(degrees) > 1:
            ideal = [base.throughput.value * p / base.tp for p in degrees]
            axes.plot(
                degrees, ideal,
                linestyle=(0, (4, 3)), linewidth=1.2, color=palette.muted, label="ideal",
            )  # fmt: skip
        points = [
            (row, Estimate(row.throughput.value, row.throughput.low, row.throughput.high))
            for row in rows
            if row.throughput
        ]
        draw_series(axes, points, getattr(palette, phase.name), "measured", palette)
        axes.set_ylabel("token/s")
        axes.set_ylim(bottom=0)
        thousands(axes)
        degree_axis(axes, [float(p) for p in degrees], degrees)
        legend_below(axes, 2)

    return Panel(phase.title, draw)
