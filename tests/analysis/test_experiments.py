"""Experiments of the plan, known and unknown, in tables, figures, sentences and data."""

import json
from pathlib import Path

import pytest
from ablations import not_available
from comparisons import comparison, prefix_sweep, scheduler_point, timeline
from conftest import Launch
from synthetic import strong_launch
from test_scaling import results_of

from tpscale_analysis.experiments.part_tables import study_tables
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.tables import every_figure, percentile_table
from tpscale_analysis.experiments.timeline import timelines
from tpscale_analysis.figures.render import to_png
from tpscale_analysis.inputs import find_sources
from tpscale_analysis.isolated import read_points
from tpscale_analysis.report.cli import main
from tpscale_analysis.report.code_section import CODE_STATS, code_section
from tpscale_analysis.report.compose import compose
from tpscale_analysis.report.page import to_markdown_text
from tpscale_analysis.report.study_section import study_section
from tpscale_analysis.results import derive
from tpscale_analysis.table import Column, Table


def study_of(folder: Path) -> Study:
    (study,) = results_of(folder).studies
    return study


def test_arms_stand_beside_one_another_the_base_first(launch: Launch) -> None:
    study = study_of(launch([scheduler_point()]))
    assert study.arms == ("mixed", "separated")
    (table, _) = every_figure(study)
    assert [column.title for column in table.columns[1:3]] == ["mixed", "separated"]
    assert "wall_seconds" in {row[0].split(" [")[0] for row in table.rows}


def test_an_unknown_experiment_shows_all_that_it_has(launch: Launch) -> None:
    point = comparison(
        "teleport",
        {"": 2.0},
        others={"jump_seconds": {"": 0.5}},
        figures={"rabbits": (3.0, 3.0, 3.0, "furlong")},
    )
    folder = launch([point])
    shown = {row[0] for table in study_tables(study_of(folder)) for row in table.rows}
    assert {"rabbits [furlong]", "jump_seconds [ms]", "wall_seconds [s]"} <= shown
    assert main([str(folder)]) == 0
    for page in ("report.md", "report.html"):
        text = (folder / page).read_text().replace("\\", "")
        assert "teleport" in text
        assert "rabbits [furlong]" in text


def test_percentiles_are_columns(launch: Launch) -> None:
    table = percentile_table(study_of(launch([scheduler_point()])))
    assert table
    titles = [column.title for column in table.columns]
    assert titles == ["latency", "arm", "mean", "p50", "p90", "p99", "marks"]
    assert [row[1] for row in table.rows[:2]] == ["mixed", "separated"]
    assert len(table.rows) == 6


def test_a_sweep_is_a_row_a_point(launch: Launch) -> None:
    study = study_of(launch(prefix_sweep()))
    assert study.varying == ("shared_share",)
    assert [point.parameters["shared_share"] for point in study.points] == [0, 0.25, 0.5, 0.75, 1]
    cells = [row for table in study_tables(study) for row in table.rows if row[0] == "0.5"]
    assert any("40.0 %" in row for row in cells)


def test_the_figures_of_a_sweep_are_drawn(launch: Launch) -> None:
    results = results_of(launch(prefix_sweep()))
    section = study_section(results.studies[0], "prefix")
    figures = [part.figure for part in section.parts if part.figure]
    assert figures
    assert to_png(figures[0]).startswith(b"\x89PNG")
    how = dict(section.parts[0].how)
    assert any("looked up" in text for text in how.values())


def test_models_are_studies_of_their_own(launch: Launch) -> None:
    other = prefix_sweep(model="small")
    assert len(results_of(launch([*prefix_sweep(), *other])).studies) == 2


def test_a_timeline_is_drawn(launch: Launch) -> None:
    point = scheduler_point()
    point.samples.update(timeline())
    folder = launch([point])
    assert main([str(folder)]) == 0
    (png,) = [p for p in (folder / "figures").iterdir() if "timeline" in p.name]
    assert png.name == "scheduler_tiny_timeline-1.png"


def test_each_arm_has_its_own_timeline(launch: Launch) -> None:
    point = comparison("paged-memory", {"contiguous": 1.0, "paged": 1.0, "batched_paged": 1.0})
    for arm in ("contiguous", "paged", "batched_paged"):
        point.samples.update(timeline(arm))
    lines = timelines(study_of(launch([point])))
    assert [line.title for line in lines] == ["batched_paged", "contiguous", "paged"]
    for line in lines:
        assert set(line.series) == {"memory_kv_cache", "memory_activations", "kv_slots_used"}
        assert line.series["kv_slots_used"].max() == 1000
    other = comparison("paged-memory", {"paged": 1.0})
    other.samples.update(timeline("paged"))
    rows, unit, warm_ups = other.samples["monitor", "kv_slots_used_paged"]
    other.samples["monitor", "kv_slots_used_paged"] = (rows[:-1], unit, warm_ups)
    (line,) = timelines(study_of(launch([other], "other")))
    assert "kv_slots_used" not in line.series  # of another length than its clock


def test_every_row_of_the_plan_has_a_line(launch: Launch) -> None:
    failed = comparison("latency", {"": 1.0})
    failed.verdicts = [("plausible", False, "", "too good to be true")]
    points = [*strong_launch()[:2], *prefix_sweep()[:2], not_available(1), failed]
    folder = launch(points)
    assert main([str(folder), "--no-figures"]) == 0
    record = json.loads((folder / "results.json").read_text())
    rows = {row["experiment"]: row for row in record["plan"]}
    assert rows["prefix-cache"]["state"] == "measured"
    assert rows["prefix-cache"]["points"] == 2
    assert rows["cuda-graph"]["state"] == "not available: backend 'cpu' has no graphs"
    assert rows["kv-transfer"]["state"] == "not run"
    assert rows["single device"]["points"] == 1
    assert "too good to be true" in rows["latency"]["state"]
    assert rows["latency"]["measured"] == 0
    text = (folder / "report.md").read_text()
    assert text.index("**The test plan**") < text.index("has no graphs")


@pytest.mark.parametrize("arm", ["on", "separated"])
def test_a_point_with_a_failed_verdict_has_no_figures(launch: Launch, arm: str) -> None:
    point = scheduler_point() if arm == "separated" else prefix_sweep()[1]
    point.verdicts = [("token equality", False, "", "sequence 3 differs")]
    folder = launch([point])
    assert main([str(folder), "--no-figures"]) == 0
    record = json.loads((folder / "results.json").read_text())
    assert record["tests"][0]["results"] == {}
    assert "sequence 3 differs" in record["tests"][0]["verification"]["withheld"]
    assert "sequence 3 differs" in (folder / "report.md").read_text()


def test_the_source_code_is_a_row_of_the_plan(launch: Launch) -> None:
    points = read_points(find_sources([launch(prefix_sweep()[:1])]))
    table = Table("Lines", (Column("folder", numeric=False), Column("lines")), (("src", "12"),))
    section = code_section([table], "Counted by a tool.", ["12 lines."])
    results = derive(points, told={CODE_STATS: "measured"})
    report = compose(results, [section])
    rows = {row.experiment: row.state for row in results.plan}
    assert rows[CODE_STATS] == "measured"
    assert report.sections[-1].title == "The source code"
    assert "Counted by a tool." in to_markdown_text(report)
