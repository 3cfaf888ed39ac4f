"""The section that tells of every row of the test plan."""

from __future__ import annotations

from tpscale_analysis.experiments.plan import plan_sentences, plan_table
from tpscale_analysis.report.content import Part, Section
from tpscale_analysis.results import Results


def plan_section(results: Results) -> Section:
    rows = results.plan
    return Section(
        anchor="plan",
        title="The test plan",
        sentences=plan_sentences(rows),
        method="",
        parameters=[],
        parts=[Part(None, "", [plan_table(rows)], [])],
        how=[],
        verdicts=None,
        absent=None,
        raw=[],
    )
