"""One look for every figure: a colour-blind-safe palette (after Okabe and Ito), quiet axes, no clutter."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from matplotlib.axes import Axes


@dataclass(frozen=True)
class Palette:
    """Colours by what they mean."""

    ink: str
    muted: str
    grid: str
    surface: str
    prefill: str
    decode: str
    end_to_end: str
    gemm: str
    attention: str
    other: str
    collective: str
    host: str
    red: str
    on_strong: str  # text on gemm and collective
    on_pale: str  # text on attention and host
    on_grey: str  # text on other


PRINT = Palette(
    ink="#1c1f24",
    muted="#667080",
    grid="#e3e6ea",
    surface="#ffffff",
    prefill="#0072b2",
    decode="#d55e00",
    end_to_end="#008a64",
    gemm="#0072b2",
    attention="#56b4e9",
    other="#b8c0cc",
    collective="#d55e00",
    host="#e8b93a",
    red="#c62828",
    on_strong="#ffffff",
    on_pale="#1c1f24",
    on_grey="#1c1f24",
)
DARK = Palette(
    ink="#e8eaed",
    muted="#9aa4b2",
    grid="#2e343d",
    surface="#16191e",
    prefill="#4aa8e8",
    decode="#f0843c",
    end_to_end="#2fc197",
    gemm="#3d8fd1",
    attention="#8fd0f5",
    other="#6b7686",
    collective="#f0843c",
    host="#e8b93a",
    red="#ef5f5a",
    on_strong="#11141a",
    on_pale="#11141a",
    on_grey="#ffffff",
)
# In a page the colours are the page's: each stands for a CSS variable until the SVG is written.
PLACEHOLDERS = Palette(*(f"#f1e2{index:02x}" for index in range(len(fields(Palette)))))


def css_variables(palette: Palette) -> str:
    return " ".join(
        f"--{f.name.replace('_', '-')}: {getattr(palette, f.name)};" for f in fields(Palette)
    )


def use_page_colours(svg: str) -> str:
    """Puts the page's variables in place of the placeholders."""
    for field in fields(Palette):
        variable = f"var(--{field.name.replace('_', '-')})"
        svg = svg.replace(getattr(PLACEHOLDERS, field.name), variable)
    return svg


def settings(palette: Palette) -> dict[str, Any]:
    """matplotlib's rcParams."""
    return {
        "font.size": 9,
        "font.family": "sans-serif",
        "text.color": palette.ink,
        "text.parse_math": False,  # a dollar sign in a name is a dollar sign
        "axes.edgecolor": palette.muted,
        "axes.facecolor": "none",
        "axes.labelcolor": palette.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titley": 1.0,  # no search for a free place, which takes a fifth of the drawing
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.linewidth": 0.8,
        "grid.color": palette.grid,
        "grid.linewidth": 0.8,
        "xtick.color": palette.muted,
        "ytick.color": palette.muted,
        "xtick.labelcolor": palette.ink,
        "ytick.labelcolor": palette.ink,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "lines.linewidth": 1.8,
        "lines.markersize": 6,
        "errorbar.capsize": 3,
        "figure.facecolor": palette.surface,
        "savefig.facecolor": palette.surface,
        "svg.fonttype": "none",
        "svg.hashsalt": "tpscale",
    }


def degree_axis(axes: Axes, positions: list[float], degrees: list[int]) -> None:
    axes.set_xticks(positions, [str(degree) for degree in degrees])
    axes.set_xlabel("tensor-parallel degree")
    axes.tick_params(axis="x", length=0)
    margin = 0.06 * (positions[-1] - positions[0]) if len(positions) > 1 else 0.6
    axes.set_xlim(positions[0] - margin, positions[-1] + margin)


def bar_axis(axes: Axes, positions: list[float], degrees: list[int]) -> None:
    degree_axis(axes, positions, degrees)
    axes.set_xlim(positions[0] - 0.6, positions[-1] + 0.6)


def thousands(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")


_LEGEND_CHARACTERS = 66  # of the legend's size that fit under a panel
_KEY_CHARACTERS = 6  # that a key and the space behind a name take


def legend_below(axes: Axes, columns: int, size: float | None = None) -> None:
    """Under the axis' label, in the margin that every panel has: fewer columns where the names are long."""
    longest = max((len(text) for text in axes.get_legend_handles_labels()[1]), default=1)
    columns = max(1, min(columns, int(_LEGEND_CHARACTERS / (longest + _KEY_CHARACTERS))))
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.17),
        ncol=columns,
        handlelength=1.4,
        columnspacing=1.2,
        handletextpad=0.5,
        borderaxespad=0.2,
        labelspacing=0.3,
        fontsize=size,
    )
