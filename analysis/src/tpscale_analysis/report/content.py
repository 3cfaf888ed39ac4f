"""What the report says, before it is Markdown or HTML."""

from __future__ import annotations

from dataclasses import dataclass

from tpscale_analysis.checklist import Item
from tpscale_analysis.figures.figure import Figure
from tpscale_analysis.table import Table

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Part:
    """One figure, its data, and how the data was obtained."""

    figure: Figure | None
    file_name: str  # of the PNG
    tables: list[Table]
    how: Pairs


@dataclass(frozen=True)
class RawPoint:
    """The raw samples of one run of one point."""

    title: str
    lines: list[str]


@dataclass(frozen=True)
class Section:
    """One scaling curve, one ablation, or one experiment of another kind."""

    anchor: str
    title: str
    sentences: list[str]
    method: str
    parameters: Pairs
    parts: list[Part]
    how: Pairs
    verdicts: Table | None
    absent: Table | None
    raw: list[RawPoint]


@dataclass(frozen=True)
class Report:
    """The whole of it."""

    title: str
    subtitle: str
    sections: list[Section]
    device: list[Part]  # what the devices said of themselves, a launch each
    checklist: list[Item]
    hardware: list[tuple[str, Pairs]]
    launches: Table
    provenance: list[tuple[str, Pairs]]

    @property
    def parts(self) -> list[Part]:
        return [*(part for section in self.sections for part in section.parts), *self.device]
