"""The share of the step time inside collectives, from the least to the most over ranks."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, PercentFormatter

from tpscale_analysis.breakdown import STEP_PHASES
from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.series import MARKERS, degrees_of
from tpscale_analysis.figures.style import Palette, degree_axis, legend_below
from tpscale_analysis.headings import curve_title
from tpscale_analysis.scaling import Scaling
from tpscale_analysis.scaling_tables import all_reduces, breakdowns


def communication(scaling: Scaling) -> Figure | None:
    if not any(
        entry.fraction_high for phase in STEP_PHASES for entry in breakdowns(scaling, phase)
    ):
        return None
    panels = [Panel("Share of the step time", lambda axes, p: _fractions(scaling, axes, p))]
    if any(entry.busbw for entry in all_reduces(scaling)):
        panels.append(Panel("All-reduce alone", lambda axes, p: _bandwidth(scaling, axes, p)))
    return Figure(
        name="comm_fraction",
        title="Communication",
        subject=curve_title(scaling.curve),
        caption=(
            "Left: seconds inside collectives over step seconds; the bar runs from the rank with "
            "least to the rank with most, which includes waiting for others. "
            "Right: the same collective with nothing else running, busbw = S/t x 2(n-1)/n."
        ),
        panels=tuple(panels),
    )


def _fractions(scaling: Scaling, axes: Axes, palette: Palette) -> None:
    degrees = degrees_of(scaling)
    for index, phase in enumerate(STEP_PHASES):
        entries = [e for e in breakdowns(scaling, phase) if e.fraction_low is not None]
        x = [entry.tp + 0.016 * (index - 0.5) * max(degrees) for entry in entries]
        low = [entry.fraction_low or 0.0 for entry in entries]
        high = [entry.fraction_high or 0.0 for entry in entries]
        middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        reach = [(b - a) / 2 for a, b in zip(low, high, strict=True)]
        colour = getattr(palette, phase)
        axes.errorbar(
            x, middle, yerr=reach, color=colour, marker=MARKERS[phase], label=phase,
            elinewidth=2.2, capsize=4,
        )  # fmt: skip
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylabel("comm_fraction")
    axes.set_ylim(bottom=0)
    degree_axis(axes, [float(p) for p in degrees], degrees)
    legend_below(axes, 2)


def _bandwidth(scaling: Scaling, axes: Axes, palette: Palette) -> None:
    entries = all_reduces(scaling)
    colours = (palette.gemm, palette.collective, palette.end_to_end, palette.muted)
    for index, tp in enumerate(sorted({entry.tp for entry in entries})):
        mine = [entry for entry in entries if entry.tp == tp]
        axes.plot(
            [entry.message_bytes for entry in mine],
            [entry.busbw / 1e9 for entry in mine],
            color=colours[index % len(colours)],
            marker="osD^"[index % 4],
            label=f"tp {tp}",
        )
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(LogLocator(base=2, numticks=5))
    axes.xaxis.set_major_formatter(lambda value, _: byte_tick(value))
    axes.tick_params(axis="x", which="both", length=0)
    axes.set_xlabel("message size")
    axes.set_ylabel("busbw [GB/s]")
    axes.set_ylim(bottom=0)
    legend_below(axes, 4)


def byte_tick(value: float) -> str:
    for factor, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if value >= factor:
            return f"{value / factor:g} {unit}"
    return f"{value:g} B"
