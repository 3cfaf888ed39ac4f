"""The rows of the test plan, and what the files say of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tpscale_analysis.merge import MergedPoint, unique
from tpscale_analysis.numbers import NONE
from tpscale_analysis.scaling import own_refusal
from tpscale_analysis.table import Column, Table

# section of the plan, experiment
PLAN = (
    ("2.1", "throughput"),
    ("2.2", "latency"),
    ("2.3", "memory"),
    ("3.1", "prefix-cache"),
    ("3.2", "scheduler"),
    ("3.3", "cuda-graph"),
    ("3.4", "kv-compression"),
    ("3.5", "paged-memory"),
    ("3.6", "kv-transfer"),
    ("4.1", "single device"),
    ("4.2", "strong-scaling"),
    ("4.3", "weak-scaling"),
    ("5", "code-stats"),
)
_SINGLE = "single device"  # the base of the scaling curves: their points on one rank
_SCALING = ("strong-scaling", "weak-scaling")
BEYOND = NONE  # in place of the section: an experiment that the plan does not have
NOT_RUN = "not run"
MEASURED = "measured"


@dataclass(frozen=True)
class PlanRow:
    """One experiment: how many points, how many of its checks passed, what is to be known of it."""

    section: str
    experiment: str
    points: int
    measured: int
    verdicts: int
    passed: int
    marks: tuple[str, ...]
    state: str


def plan_rows(points: Sequence[MergedPoint], told: Mapping[str, str]) -> list[PlanRow]:
    """The rows of the plan, then experiments beyond it. `told`: states of what has no points (code-stats)."""
    rows = [_row(section, name, _of(points, name), told) for section, name in PLAN]
    known = {name for _, name in PLAN}
    others = sorted({point.test_name for point in points} - known)
    return rows + [_row(BEYOND, name, _of(points, name), told) for name in others]


def _of(points: Sequence[MergedPoint], name: str) -> list[MergedPoint]:
    if name == _SINGLE:
        return [point for point in points if point.test_name in _SCALING and point.tp == 1]
    return [point for point in points if point.test_name == name]


def _row(
    section: str, name: str, points: Sequence[MergedPoint], told: Mapping[str, str]
) -> PlanRow:
    verdicts = [verdict for point in points for verdict in point.verdicts]
    marks = [mark for point in points for mark in point.marks]
    marks += [m for point in points for metric in point.metrics.values() for m in metric.marks]
    return PlanRow(
        section=section,
        experiment=name,
        points=len(points),
        measured=sum(1 for point in points if not own_refusal(point)),
        verdicts=len(verdicts),
        passed=sum(1 for verdict in verdicts if verdict.passed),
        marks=unique(sorted(marks)),
        state=_state(points) or told.get(name, NOT_RUN),
    )


def _state(points: Sequence[MergedPoint]) -> str:
    """ "" where there are no points."""
    refused = [own_refusal(point) for point in points if own_refusal(point)]
    if not refused:
        return MEASURED if points else ""
    reasons = "; ".join(unique(refused))
    if len(refused) == len(points):
        return reasons
    return f"{len(points) - len(refused)} of {len(points)} points measured; {reasons}"


def plan_table(rows: Sequence[PlanRow]) -> Table:
    titles = ("section", "experiment", "points", "with figures", "checks passed", "marks", "state")
    columns = tuple(Column(title, numeric=title in titles[2:5]) for title in titles)
    cells = tuple(
        (
            row.section,
            row.experiment,
            str(row.points) if row.points else NONE,
            str(row.measured) if row.points else NONE,
            f"{row.passed} of {row.verdicts}" if row.verdicts else NONE,
            "; ".join(row.marks),
            row.state,
        )
        for row in rows
    )
    note = f"Marks stand beside the figures that have them. {BEYOND}: not a row of the plan."
    return Table("The test plan", columns, cells, note)


def plan_sentences(rows: Sequence[PlanRow]) -> list[str]:
    """How much of the plan has figures, and what has none."""
    planned = [row for row in rows if row.section != BEYOND]
    there = [row for row in planned if row.measured or row.state == MEASURED]
    sentences = [f"{len(there)} of {len(planned)} rows of the plan have figures."]
    verdicts, passed = sum(r.verdicts for r in rows), sum(r.passed for r in rows)
    if verdicts:
        sentences.append(f"{passed} of {verdicts} checks passed.")
    sentences += [
        f"{row.experiment}: {row.state}."
        for row in planned
        if row not in there and row.state != NOT_RUN
    ]
    absent = [row.experiment for row in planned if row.state == NOT_RUN]
    if absent:
        sentences.append(f"Not run: {', '.join(absent)}.")
    return sentences
