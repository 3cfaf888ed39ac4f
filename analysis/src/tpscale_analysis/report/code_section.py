"""The section of the statistics of the source code."""

from __future__ import annotations

from collections.abc import Sequence

from tpscale_analysis.report.content import Part, Section
from tpscale_analysis.table import Table

CODE_STATS = "code-stats"  # in the plan


def code_section(tables: Sequence[Table], method: str, sentences: Sequence[str]) -> Section:
    """`method`: which tool counted what."""
    return Section(
        anchor=CODE_STATS,
        title="The source code",
        sentences=list(sentences),
        method=method,
        parameters=[],
        parts=[Part(None, "", list(tables), [])],
        how=[],
        verdicts=None,
        absent=None,
        raw=[],
    )
