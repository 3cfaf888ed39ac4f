"""What a chart can tell about the place under a pointer: its points and bars with their values."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer

HoverPoint = tuple[float, float, str]  # place in units of the SVG, what is there
_MOST = 600  # points of a chart
_SVG_DPI = 72


def hover_points(axes: Axes) -> list[HoverPoint]:
    """Of the lines and bars that the legend names, or of all where it names none; after the axes were drawn."""
    found: list[HoverPoint] = []
    for line in axes.lines:
        if str(line.get_label()).startswith("_child") and len(line.get_xdata(orig=False)) < 2:
            continue
        xs, ys = np.asarray(line.get_xdata(orig=False)), np.asarray(line.get_ydata(orig=False))
        found += [
            _point(axes, float(x), float(y), str(line.get_label()))
            for x, y in zip(xs, ys, strict=True)
        ]
    for container in axes.containers:
        if isinstance(container, BarContainer):
            found += [_bar(axes, bar, str(container.get_label())) for bar in container.patches]
    seen = dict.fromkeys(point for point in found if np.isfinite(point[:2]).all())
    return list(seen)[:_MOST]


def _bar(axes: Axes, bar: object, name: str) -> HoverPoint:
    x, y, width, height = (getattr(bar, f"get_{part}")() for part in ("x", "y", "width", "height"))
    place = _place(axes, x + width / 2, y + height)
    return (*place, _text(axes, x + width / 2, height, name))


def _point(axes: Axes, x: float, y: float, name: str) -> HoverPoint:
    return (*_place(axes, x, y), _text(axes, x, y, name))


def _place(axes: Axes, x: float, y: float) -> tuple[float, float]:
    figure = axes.figure
    across, up = axes.transData.transform((x, y)) / figure.dpi * _SVG_DPI
    return round(float(across), 1), round(float(figure.get_size_inches()[1] * _SVG_DPI - up), 1)


def _text(axes: Axes, x: float, y: float, name: str) -> str:
    labels = {
        round(float(at), 6): text
        for at, text in zip(axes.get_xticks(), _tick_texts(axes), strict=False)
    }
    near = labels.get(round(x, 6)) or labels.get(float(round(x)), "")
    where = near or f"{x:.4g}"
    series = "" if name.startswith("_") else f"{name}, "
    unit = axes.get_ylabel()
    return " ".join(f"{series}{where}: {y:.4g}".split()) + (f" ({unit})" if unit else "")


def _tick_texts(axes: Axes) -> list[str]:
    return [" ".join(label.get_text().split()) for label in axes.get_xticklabels()]
