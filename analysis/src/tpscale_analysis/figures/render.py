"""Draws figures with matplotlib; never opens a window, never writes a file."""

from __future__ import annotations

import io
import json
import logging
import re
import textwrap
import warnings

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from tpscale_analysis import escape
from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.hover import hover_points
from tpscale_analysis.figures.style import PLACEHOLDERS, PRINT, settings, use_page_colours

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its font cache
DPI = 300
_PANEL_INCHES = (4.1, 3.3)
_COLUMNS = 3  # of the panels of a PNG at most; four stand two by two
_FONT = re.compile(r"font: ([^;\"]*?)(\d+(?:\.\d+)?px) [^;\"]*")
_FAMILY = re.compile(r"font-family: [^;\"]*")


def to_png(figure: Figure) -> bytes:
    """All panels on white, in a row as far as there is room."""
    with mpl.rc_context(settings(PRINT)), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the font lacks is no news for the user
        columns = 2 if len(figure.panels) == 4 else min(len(figure.panels), _COLUMNS)
        rows = -(-len(figure.panels) // columns)
        width = _PANEL_INCHES[0] * columns
        heading = textwrap.wrap(f"{figure.title}. {figure.subject}", 62 * columns)[:3]
        height = _PANEL_INCHES[1] * rows + 0.2 * len(heading)
        canvas = Canvas(figsize=(width, height))
        FigureCanvasAgg(canvas)
        canvas.suptitle("\n".join(heading), x=0.01, y=0.99, ha="left", va="top", fontsize=9.5)
        axes = canvas.subplots(rows, columns, squeeze=False).flatten()
        _place(canvas, rows, columns, 0.2 * len(heading))
        for one, panel in zip(axes, figure.panels, strict=False):
            one.set_title(panel.title)
            panel.draw(one, PRINT)
        for one in axes[len(figure.panels) :]:
            one.set_axis_off()
        out = io.BytesIO()
        canvas.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
        return out.getvalue()


def to_svg(panel: Panel, prefix: str) -> str:
    """One panel for the page: its colours are CSS variables, its text is text, its ids begin with `prefix`."""
    with mpl.rc_context(settings(PLACEHOLDERS)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        canvas = Canvas(figsize=_PANEL_INCHES, facecolor="none")
        FigureCanvasSVG(canvas)
        axes = canvas.subplots()
        _place(canvas, 1, 1, 0.0)
        axes.set_title(panel.title)
        panel.draw(axes, PLACEHOLDERS)
        out = io.StringIO()
        canvas.savefig(out, format="svg", facecolor="none", metadata={"Date": None})
        points = json.dumps(hover_points(axes), separators=(",", ":"))
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'^(<svg [^>]*?) width="[^"]*"', r"\1", svg)
    svg = re.sub(r'^(<svg [^>]*?) height="[^"]*"', r"\1", svg)
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{prefix}", svg)
    svg = _FONT.sub(r"font: \1\2 system-ui, sans-serif", svg)
    svg = _FAMILY.sub("font-family: system-ui, sans-serif", svg)
    svg = svg.replace("<svg ", f'<svg data-points="{escape.html(points)}" ', 1)
    return use_page_colours(svg)


def _place(canvas: Canvas, rows: int, columns: int, heading: float) -> None:
    """Fixed margins in inches: matplotlib's own layout costs as much again as the drawing."""
    width, height = canvas.get_size_inches()
    left, right, top, bottom = 0.78, 0.12, 0.32, 0.86
    plot = width / columns - left - right
    plot_height = (height - heading) / rows - top - bottom
    canvas.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        top=1 - (top + heading) / height,
        bottom=bottom / height,
        wspace=(left + right) / plot,
        hspace=(top + bottom) / plot_height,
    )
