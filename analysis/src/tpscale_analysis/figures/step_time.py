"""Stacked bars of where the step time goes, a bar a degree."""

from __future__ import annotations

from matplotlib.axes import Axes

from tpscale_analysis.breakdown import PART_TITLES, PARTS, STEP_PHASES, Breakdown
from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.style import Palette, bar_axis, legend_below, thousands
from tpscale_analysis.headings import curve_title
from tpscale_analysis.numbers import scale_for
from tpscale_analysis.scaling import Scaling
from tpscale_analysis.scaling_tables import breakdowns

_TEXT_ON = {
    "gemm": "on_strong",
    "attention": "on_pale",
    "other": "on_grey",
    "collective": "on_strong",
    "host": "on_pale",
}
_LABEL_FROM = 0.08  # shares of the tallest bar that have room for their per cent


def step_time(scaling: Scaling) -> Figure | None:
    panels = []
    for phase in STEP_PHASES:
        entries = breakdowns(scaling, phase)
        if entries:
            panels.append(_panel(phase, entries))
    if not panels:
        return None
    return Figure(
        name="step_time",
        title="Where the time goes",
        subject=curve_title(scaling.curve),
        caption=(
            "Seconds of all steps of a phase, by what they were spent on: the middle instrumented "
            "repetition, mean over ranks. Per cent of the bar."
        ),
        panels=tuple(panels),
    )


def _panel(phase: str, entries: list[Breakdown]) -> Panel:
    def draw(axes: Axes, palette: Palette) -> None:
        unit = scale_for("s", [entry.step_seconds for entry in entries])
        positions = [float(index) for index in range(len(entries))]
        tallest = max(entry.step_seconds for entry in entries) / unit.factor
        bottoms = [0.0] * len(entries)
        for part in PARTS:
            heights = [entry.parts.get(part, 0.0) / unit.factor for entry in entries]
            colour = getattr(palette, part)
            axes.bar(
                positions, heights, 0.62, bottoms, color=colour, label=PART_TITLES[part],
                edgecolor=palette.surface, linewidth=0.6,
            )  # fmt: skip
            for x, height, bottom, entry in zip(positions, heights, bottoms, entries, strict=True):
                if height > _LABEL_FROM * tallest and entry.step_seconds > 0:
                    share = height * unit.factor / entry.step_seconds
                    axes.text(
                        x, bottom + height / 2, f"{100 * share:.0f} %", ha="center", va="center",
                        fontsize=8, color=getattr(palette, _TEXT_ON[part]),
                    )  # fmt: skip
            bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
        axes.set_ylabel(f"step time [{unit.unit}]")
        thousands(axes)
        bar_axis(axes, positions, [entry.tp for entry in entries])
        legend_below(axes, 3)

    return Panel(phase.capitalize(), draw)
