"""How an experiment is shown: data, so that a new one needs a few lines and an unknown one none.

A stem is the name of a figure without its arm: "wall_seconds" stands for "wall_seconds_off" and "wall_seconds_on".
In a table one that ends in * stands for all that begin so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Extra = Literal["percentiles", "memory"]


@dataclass(frozen=True)
class TableView:
    """A row a point and arm, or a row a point for figures that compare the arms."""

    title: str
    stems: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """One panel.

    bars: the stems beside one another, a colour an arm; stacked: the stems upon one another, a bar an arm and point;
    sweep: lines over a parameter that was swept; intervals: figures with their intervals beside a line at nothing;
    memory: its components beside the sizes from the shapes; methods: a bar an arm of one point, in the colour of its
    family, the axis fitted to what differs.
    """

    kind: Literal["bars", "stacked", "sweep", "intervals", "memory", "methods"]
    title: str
    stems: tuple[str, ...]
    axis: str = ""  # what the values are; the unit is added
    over: tuple[str, ...] = ()  # sweep: the parameter on the x axis, the first of these that varies
    none: float | None = None  # intervals: where the line stands


@dataclass(frozen=True)
class FigureView:
    name: str
    title: str
    caption: str
    charts: tuple[Chart, ...]
    each_point: bool = False  # one a point, where else one holds all


@dataclass(frozen=True)
class PartView:
    """A figure and the tables that hold its data."""

    figure: FigureView | None
    tables: tuple[TableView, ...]
    extras: tuple[Extra, ...] = ()  # tables that are no list of figures


@dataclass(frozen=True)
class View:
    """One experiment of the plan."""

    test_name: str
    title: str
    headlines: tuple[str, ...]  # stems of the sentences
    parts: tuple[PartView, ...]
