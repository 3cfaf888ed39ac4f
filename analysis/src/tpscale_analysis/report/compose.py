"""Puts the report together: a section a curve or study, then what holds for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tpscale_analysis.checklist import checklist
from tpscale_analysis.device_state import state_table
from tpscale_analysis.experiments.views import COMPARISON
from tpscale_analysis.figures.device_state import device_state
from tpscale_analysis.figures.naming import slugs
from tpscale_analysis.groups import common_values
from tpscale_analysis.headings import model_name, test_title
from tpscale_analysis.micro.benchmark_name import TEST_NAME as MICRO
from tpscale_analysis.micro.section import micro_section
from tpscale_analysis.numbers import value_text
from tpscale_analysis.recheck.findings import Finding
from tpscale_analysis.recheck.table import recheck_table
from tpscale_analysis.report.content import Pairs, Part, Report, Section
from tpscale_analysis.report.curve_section import curve_section
from tpscale_analysis.report.experiment_section import (
    graph_section,
    shard_section,
)
from tpscale_analysis.report.plan_section import plan_section
from tpscale_analysis.report.raw import count_text
from tpscale_analysis.report.study_section import study_section
from tpscale_analysis.results import Results
from tpscale_analysis.table import Column, Table

_NAMED = 3  # experiments that the title names


def compose(results: Results, more: Sequence[Section] = ()) -> Report:
    """`more`: sections that are about no points, such as that of the source code."""
    dates = sorted(run.test_date for run in results.runs)
    when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    return Report(
        title=_title(results.test_names),
        subtitle=f"{count_text(len(results.points), 'point')}, {when}",
        sections=[*_sections(results), *more],
        device=_device(results),
        checklist=checklist(results),
        hardware=_hardware(results),
        launches=_launches(results),
        provenance=_provenance(results),
    )


def _title(names: list[str]) -> str:
    if len(names) > _NAMED:
        return f"The test plan: {len(names)} experiments"
    return " and ".join(test_title(name).lower() for name in names).capitalize()


def _sections(results: Results) -> list[Section]:
    curves, graphs, shards = results.scalings, results.graph_studies, results.projections
    names = iter(
        slugs(
            [(s.curve.kind, model_name(s.curve.common)) for s in curves]
            + [("graphs", model_name(study.group.common)) for study in graphs]
            + [("shards", model_name(entry.study.group.common)) for entry in shards]
            + [(study.test_name, model_name(study.common)) for study in results.studies]
        )
    )
    sections = [(curve_section(s, next(names)), s.curve.points) for s in curves]
    sections += [(graph_section(study, next(names)), study.group.points) for study in graphs]
    sections += [(shard_section(e, next(names)), e.study.group.points) for e in shards]
    for study in results.studies:
        section = micro_section if study.test_name == MICRO else study_section
        sections.append((section(study, next(names)), study.points))
    made = [_made_again(section, results.findings_of(points)) for section, points in sections]
    made = _named_as_planned(made)
    plan = plan_section(results)
    return [plan, *made] if len(results.test_names) > 1 else [*made, plan]


def _named_as_planned(sections: Sequence[Section]) -> list[Section]:
    """The first comparison of methods is called what the plan calls it; others begin with their study's name."""
    end = f"_{COMPARISON}.png"
    parts = [part for section in sections for part in section.parts if part.figure]
    first = next((part for part in parts if part.file_name.endswith(end)), None)
    return [
        replace(s, parts=[replace(p, file_name=end[1:]) if p is first else p for p in s.parts])
        for s in sections
    ]


def _made_again(section: Section, findings: list[Finding]) -> Section:
    """With what came of making its figures again from their samples."""
    table = recheck_table(findings)
    parts = [Part(None, "", [table], [])] if table else []
    return replace(section, parts=[*section.parts, *parts])


def _device(results: Results) -> list[Part]:
    states = results.device_states
    names = slugs(("device", state.launch) for state in states)
    return [
        Part(device_state(state), f"{name}_state.png", [state_table(state)], [])
        for state, name in zip(states, names, strict=True)
    ]


def _hardware(results: Results) -> list[tuple[str, Pairs]]:
    by_tp: dict[str, Pairs] = {}
    for run in results.runs:
        facts = [(name, value_text(value)) for name, value in sorted(run.hardware.items())]
        by_tp.setdefault(f"tp {run.parameters.get('tp', 1)}, {run.launch}", facts)
    common = [fact for fact in next(iter(by_tp.values())) if all(fact in f for f in by_tp.values())]
    found = [("Everywhere the same", common)] if common else []
    for name, facts in sorted(by_tp.items()):
        differing = [fact for fact in facts if fact not in common]
        if differing:
            found.append((name, differing))
    return found


def _launches(results: Results) -> Table:
    by_launch: dict[tuple[str, str], list[str]] = {}
    for run in results.runs:
        command = value_text(run.provenance.get("command_line", ""))
        by_launch.setdefault((run.launch, command), []).append(run.test_date)
    rows = tuple(
        (launch, str(len(dates)), min(dates), max(dates), command)
        for (launch, command), dates in sorted(by_launch.items())
    )
    titles = ("launch", "points", "first", "last", "command line")
    return Table("Launches", tuple(Column(t, numeric=t == "points") for t in titles), rows)


def _provenance(results: Results) -> list[tuple[str, Pairs]]:
    common = common_values([run.provenance for run in results.runs])
    conditions = common_values([run.conditions for run in results.runs])
    return [
        ("Provenance", [(name, value_text(value)) for name, value in common.items()]),
        ("Conditions", [(name, value_text(value)) for name, value in conditions.items()]),
    ]
