"""What a figure is before it is drawn: panels side by side in print, one under the other on a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes

from tpscale_analysis.figures.style import Palette


@dataclass(frozen=True)
class Panel:
    """One chart."""

    title: str
    draw: Callable[[Axes, Palette], None]


@dataclass(frozen=True)
class Figure:
    """Charts of one question, with the sentence that says how to read them."""

    name: str
    title: str
    subject: str
    caption: str
    panels: tuple[Panel, ...]
