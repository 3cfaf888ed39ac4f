"""A table as data; console, Markdown and HTML are ways to show it."""

from __future__ import annotations

from dataclasses import dataclass

from tpscale_analysis import escape


@dataclass(frozen=True)
class Column:
    """A head and the side its cells are aligned to."""

    title: str
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """Cells are unescaped text; each way of showing escapes for itself."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def to_console(table: Table) -> str:
    head = [escape.console(column.title) for column in table.columns]
    body = [[escape.console(cell) for cell in row] for row in table.rows]
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    lines = [escape.console(table.title)]
    for line in [head, ["-" * width for width in widths], *body]:
        cells = [
            cell.rjust(width) if column.numeric else cell.ljust(width)
            for cell, width, column in zip(line, widths, table.columns, strict=True)
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    if table.note:
        lines.append("  " + escape.console(table.note))
    return "\n".join(lines) + "\n"


def to_markdown(table: Table) -> str:
    lines = [
        _line([escape.markdown(column.title) for column in table.columns]),
        _line(["---:" if column.numeric else ":---" for column in table.columns]),
    ]
    lines += [_line([escape.markdown(cell) for cell in row]) for row in table.rows]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
