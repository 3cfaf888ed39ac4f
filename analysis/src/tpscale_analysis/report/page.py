"""The report as a self-contained HTML page and as Markdown."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jinja2
import markupsafe

from tpscale_analysis import escape
from tpscale_analysis.export import Json
from tpscale_analysis.figures.render import to_svg
from tpscale_analysis.figures.style import DARK, PRINT, css_variables
from tpscale_analysis.report.content import RawPoint, Report
from tpscale_analysis.table import Table, to_markdown

_LOADER = jinja2.PackageLoader("tpscale_analysis.report")
# Keys of results.json that say of each point what the page shows of it: most of the bytes.
_SHOWN_ALREADY = frozenset({"raw_results", "aggregated_stats", "tests", "how_obtained"})


class Ready(str):
    """Markdown that is escaped already."""

    __slots__ = ()


def to_html(report: Report, record: Json) -> str:
    environment = jinja2.Environment(
        loader=_LOADER,
        autoescape=True,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    script = _LOADER.get_source(environment, "page.js")[0]
    data = {name: value for name, value in record.items() if name not in _SHOWN_ALREADY}
    return environment.get_template("report.html.j2").render(
        report=report,
        charts=_charts(report),
        raw_text=_raw_text,
        data=escape.script_json(data),
        light=markupsafe.Markup(css_variables(PRINT)),
        dark=markupsafe.Markup(css_variables(DARK)),
        style=markupsafe.Markup(_LOADER.get_source(environment, "style.css")[0]),
        script=markupsafe.Markup(script),
        script_hash=_hash(script),
        constant=_constant,
    )


def to_markdown_text(report: Report) -> str:
    environment = jinja2.Environment(
        loader=_LOADER,
        autoescape=False,  # Markdown has an escaping of its own
        finalize=lambda value: value if isinstance(value, Ready) else escape.markdown(value),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.md.j2").render(
        report=report, table=_markdown_table, ready=Ready
    )


def _without_controls(value: Any) -> Any:
    return value if isinstance(value, markupsafe.Markup) else escape.console(value)


def _hash(script: str) -> str:
    """What the page's policy allows to run: this script and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _constant(table: Table) -> set[int]:
    """Words that are the same in every row of several; one column at least stays. Numbers always do: a figure that
    is equal everywhere is a finding."""
    same = {
        i
        for i, column in enumerate(table.columns)
        if not column.numeric and len(table.rows) > 1 and len({row[i] for row in table.rows}) == 1
    }
    return same if len(same) < len(table.columns) else set()


def _markdown_table(table: Table) -> Ready:
    return Ready(to_markdown(table))


def _raw_text(raw: RawPoint) -> markupsafe.Markup:
    return markupsafe.Markup("\n").join(escape.html(line) for line in raw.lines)


def _charts(report: Report) -> dict[str, list[markupsafe.Markup]]:
    """By the name of the PNG: one SVG a panel. matplotlib escapes the text in them."""
    charts = {}
    for number, part in enumerate(report.parts):
        if part.figure:
            charts[part.file_name] = [
                markupsafe.Markup(to_svg(panel, f"s{number}-{part.figure.name}-{index}-"))
                for index, panel in enumerate(part.figure.panels)
            ]
    return charts
