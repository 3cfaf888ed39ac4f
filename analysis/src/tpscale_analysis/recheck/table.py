"""What was made again of a study, and what did not agree."""

from __future__ import annotations

from collections.abc import Sequence

from tpscale_analysis.numbers import NONE, plain
from tpscale_analysis.recheck.findings import Finding
from tpscale_analysis.table import Column, Table

_MAX_ROWS = 40


def recheck_table(findings: Sequence[Finding]) -> Table | None:
    """Disagreements first, each by itself; then how many agree, by the way they were made again."""
    if not findings:
        return None
    wrong = [finding for finding in findings if finding.agrees is False]
    rows = [
        (finding.name, "DIFFERS", plain(finding.stored, 6), _made(finding), finding.how)
        for finding in wrong[:_MAX_ROWS]
    ]
    if len(wrong) > _MAX_ROWS:
        rows.append((f"{len(wrong) - _MAX_ROWS} more", "DIFFERS", "", "", "all: results.json"))
    agreeing = [finding for finding in findings if finding.agrees]
    if agreeing:
        count = f"{len(agreeing)} figures"
        rows.append((count, "agree", "", "", "value and interval follow from the raw samples"))
    unknown = sorted({finding.name for finding in findings if finding.agrees is None})
    if unknown:
        names = ", ".join(unknown[:_MAX_ROWS]) + (", ..." if len(unknown) > _MAX_ROWS else "")
        rows.append((f"{len(unknown)} figures", "not made again", "", "", names))
    titles = ("figure", "result", "stored", "made again", "how")
    columns = tuple(Column(title, numeric=title in titles[2:4]) for title in titles)
    note = (
        "Each figure made again from the raw samples of its point, or by evaluating the arithmetic that it "
        "carries; the ends of its interval lie where a bootstrap of these samples puts them. One by one: "
        "results.json, verification.recomputed."
    )
    return Table("Made again from the raw samples", columns, tuple(rows), note)


def _made(finding: Finding) -> str:
    return NONE if finding.made is None else plain(finding.made, 6)
