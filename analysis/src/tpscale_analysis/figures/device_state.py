"""Clocks, temperature, power and memory of rank 0's device over a launch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from tpscale_analysis.device_state import QUANTITIES, DeviceState, shown_unit
from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.style import Palette, legend_below, thousands
from tpscale_analysis.numbers import scale_for

_TITLES = dict(QUANTITIES)
_CHARTS = (
    ("Clocks", "clock", ("device_clock_sm", "device_clock_memory")),
    ("Temperature", "temperature", ("device_temperature",)),
    ("Power", "power", ("device_power",)),
    ("Memory", "memory used", ("device_memory_used",)),
)
_COLOURS = ("gemm", "collective")


def device_state(state: DeviceState) -> Figure | None:
    """None where the device told of nothing."""
    panels = []
    for title, label, names in _CHARTS:
        there = [name for name in names if name in state.series]
        there = [name for name in there if state.units[name] == state.units[there[0]]]
        if there:
            panels.append(_panel(state, title, label, there))
    if not panels:
        return None
    return Figure(
        name="device_state",
        title="The device while it was measured",
        subject=state.launch,
        caption=(
            "Rank 0's device, sampled by a thread of its own while points were measured, one after another "
            "without the time between them. Upright lines: a new point. Marks at the foot of the clocks: "
            "something held them down."
        ),
        panels=tuple(panels),
    )


def _panel(state: DeviceState, title: str, label: str, names: Sequence[str]) -> Panel:
    def draw(axes: Axes, palette: Palette) -> None:
        most = [float(np.nanmax(state.series[name])) for name in names]
        unit = scale_for(state.units[names[0]], most)
        for name, colour in zip(names, _COLOURS, strict=False):
            gaps = list(state.firsts[1:])  # nothing is drawn from one point to the next
            axes.plot(
                np.insert(state.seconds, gaps, state.seconds[gaps]),
                np.insert(state.series[name] / unit.factor, gaps, np.nan),
                color=getattr(palette, colour), linewidth=1.2, label=_TITLES[name],
            )  # fmt: skip
        for first in state.firsts[1:]:
            axes.axvline(
                state.seconds[first], color=palette.muted, linewidth=0.7, linestyle=(0, (2, 3))
            )
        held = state.held_down if label == "clock" else state.held_down[:0]
        if len(held):
            axes.plot(
                held, [0.015] * len(held), transform=axes.get_xaxis_transform(), linestyle="none",
                marker="|", markersize=5, color=palette.decode, label="held down", clip_on=False,
            )  # fmt: skip
        axes.set_ylabel(f"{label} [{shown_unit(unit.unit)}]")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("time while measuring [s]")
        thousands(axes)
        if len(names) > 1 or len(held):
            legend_below(axes, 3)

    return Panel(title, draw)
