"""Memory and KV slots over the time of a run."""

from __future__ import annotations

from matplotlib.axes import Axes

from tpscale_analysis.experiments.labels import label
from tpscale_analysis.experiments.timeline import Timeline
from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.style import Palette, legend_below, thousands
from tpscale_analysis.numbers import scale_for

_COLOURS = ("prefill", "decode", "end_to_end", "host", "attention", "muted", "ink", "other")


def timeline_figure(line: Timeline, subject: str) -> Figure:
    """A panel a unit."""
    units = list(dict.fromkeys(line.units[name] for name in line.series))
    panels = tuple(_panel(line, unit) for unit in units)
    return Figure(
        name="timeline",
        title=f"Over time: {line.title}" if line.title else "Over time",
        subject=subject,
        caption=(
            "Sampled by a thread of its own while the repetitions ran; the most over ranks. Time since the "
            "watching began."
        ),
        panels=panels,
    )


def _panel(line: Timeline, unit: str) -> Panel:
    names = [name for name in line.series if line.units[name] == unit]
    kind = {"B": "memory", "1": "count"}.get(unit, "value")

    def draw(axes: Axes, palette: Palette) -> None:
        scale = scale_for(unit, [float(line.series[name].max()) for name in names])
        for index, name in enumerate(names):
            axes.step(
                line.seconds, line.series[name] / scale.factor, where="post", label=label(name),
                color=getattr(palette, _COLOURS[index % len(_COLOURS)]), linewidth=1.2,
            )  # fmt: skip
        axes.set_ylabel(f"{kind} [{scale.unit}]" if scale.unit else kind)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("time [s]")
        thousands(axes)
        legend_below(axes, 2)

    return Panel(f"{kind.capitalize()} over time", draw)
