"""Memory of the rank that uses most, stacked by what it is for."""

from __future__ import annotations

from matplotlib.axes import Axes

from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.style import Palette, bar_axis, legend_below, thousands
from tpscale_analysis.headings import curve_title
from tpscale_analysis.memory import COMPONENTS
from tpscale_analysis.numbers import scale_for
from tpscale_analysis.scaling import Scaling
from tpscale_analysis.scaling_tables import memory_uses

_COLOURS = {
    "weights": "gemm",
    "kv_cache": "attention",
    "activations": "end_to_end",
    "communication": "collective",
    "other": "other",
}


def memory_use(scaling: Scaling) -> Figure | None:
    if not any(use.name in COMPONENTS for use in memory_uses(scaling)):
        return None
    return Figure(
        name="memory",
        title="Memory of a rank",
        subject=curve_title(scaling.curve),
        caption=(
            "By the suite's own allocator, the rank that uses most. Diamond: the peak of the "
            "allocator. Line: the device's own view (resident memory on a CPU)."
        ),
        panels=(Panel("Memory of a rank", lambda axes, p: _draw(scaling, axes, p)),),
    )


def _draw(scaling: Scaling, axes: Axes, palette: Palette) -> None:
    uses = {(use.name, use.tp): use.high for use in memory_uses(scaling)}
    degrees = sorted({tp for _, tp in uses})
    positions = [float(index) for index in range(len(degrees))]
    unit = scale_for("B", uses.values())
    bottoms = [0.0] * len(degrees)
    for name in COMPONENTS:
        heights = [uses.get((name, tp), 0.0) / unit.factor for tp in degrees]
        if any(heights):
            axes.bar(
                positions, heights, 0.62, bottoms, color=getattr(palette, _COLOURS[name]),
                label=name.replace("_", " "), edgecolor=palette.surface, linewidth=0.6,
            )  # fmt: skip
        bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
    for name, marker, label in (("peak", "D", "peak"), ("device_view", "_", "device's view")):
        there = [
            (x, uses[name, tp])
            for x, tp in zip(positions, degrees, strict=True)
            if (name, tp) in uses
        ]
        if there:
            axes.plot(
                [x for x, _ in there], [value / unit.factor for _, value in there],
                linestyle="none", marker=marker, color=palette.ink, label=label,
                markersize=5 if marker == "D" else 22, markeredgewidth=1.8, zorder=5,
            )  # fmt: skip
    axes.set_ylabel(f"memory [{unit.unit}]")
    axes.set_ylim(bottom=0)
    thousands(axes)
    bar_axis(axes, positions, degrees)
    legend_below(axes, 3)
