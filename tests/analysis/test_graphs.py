"""Gains of decode graphs: found again, pooled in pairs, absent with their reason."""

import json
from pathlib import Path

import pytest
from ablations import graph_launch, graph_point, not_available
from conftest import Launch
from test_scaling import results_of

from tpscale_analysis.export import summary, to_json
from tpscale_analysis.figures.graph_gain import graph_gain
from tpscale_analysis.figures.render import to_png
from tpscale_analysis.graph_gain import GraphStudy
from tpscale_analysis.graph_tables import gain_table, graph_sentences
from tpscale_analysis.printout import printout
from tpscale_analysis.report.cli import main

LATER = "2026-02-01T00:00:00Z"


def study_of(*folders: Path) -> GraphStudy:
    (study,) = results_of(*folders).graph_studies
    return study


def test_one_launch_shows_what_is_stored(launch: Launch) -> None:
    study = study_of(launch(graph_launch()))
    assert [gain.batch_size for gain in study.gains] == [1, 2, 4, 8, 16, 32]
    first = study.gains[0].metric("throughput_improvement")
    assert first
    assert first.value == pytest.approx(110, abs=4)
    row = gain_table(study).rows[0]
    assert row[:2] == ("1", "1")
    assert f"{first.value:+.1f} %" in row[7]
    assert row[8].startswith(("+99.", "+10"))


def test_every_degree_has_its_rows_and_figure(launch: Launch) -> None:
    study = study_of(launch(graph_launch() + graph_launch(tp=2)))
    assert [gain.tp for gain in study.gains] == [1] * 6 + [2] * 6
    figures = [graph_gain(study, tp) for tp in (1, 2)]
    assert [len(figure.panels) for figure in figures if figure] == [2, 2]
    assert figures[0]
    assert to_png(figures[0]).startswith(b"\x89PNG")
    assert graph_gain(study, 4) is None


def test_launches_pool_their_pairs(launch: Launch) -> None:
    """One launch on a slow day: the gain is of pairs, so that the day divides out."""
    fast = launch([graph_point(4, seed=1, repetitions=12)], "fast")
    slow = graph_point(4, seed=2, repetitions=12, test_date=LATER)
    for (phase, name), (rows, unit, warm_ups) in list(slow.samples.items()):
        slow.samples[phase, name] = (rows * 1.5, unit, warm_ups)
    study = study_of(fast, launch([slow], "slow"))
    gain = study.gains[0].metric("throughput_improvement")
    assert gain
    assert gain.samples == 24
    assert gain.value == pytest.approx(120, abs=4)
    assert gain.low < gain.value < gain.high
    assert gain.high - gain.low < 10
    assert "of 2 launches" in gain.how_obtained
    saved = study.gains[0].metric("cpu_overhead_reduction")
    assert saved
    assert saved.value == pytest.approx(95, abs=0.5)
    predicted = study.gains[0].metric("predicted_improvement")
    assert predicted
    assert predicted.value == pytest.approx(100, abs=4)


def test_pooled_rates_of_an_arm_come_from_its_own_series(launch: Launch) -> None:
    points = [
        launch([graph_point(4, seed=seed, test_date=date)], date[:10])
        for seed, date in ((1, "2026-01-31T00:00:00Z"), (2, LATER))
    ]
    metrics = study_of(*points).gains[0].point.metrics
    for name, rate in (
        ("decode_throughput_off", 4 / 220e-6),
        ("decode_throughput_on", 4 / 100e-6),
        ("decode_throughput_per_device_on", 4 / 100e-6),
    ):
        assert metrics[name].samples == 20
        assert "bootstrap" in metrics[name].method  # of all repetitions, no envelope of two medians
        assert metrics[name].value == pytest.approx(rate, rel=0.02)
    assert metrics["enqueue_seconds_off"].value == pytest.approx(200e-6, rel=0.02)
    assert metrics["graph_memory"].value == 96 * 1024**2


def test_a_prediction_is_never_below_nothing(launch: Launch) -> None:
    """Where the device is the slower one, hiding the enqueueing gains nothing."""
    folders = [
        launch([graph_point(64, step_on=1e-3, step_off=1.04e-3, seed=s, test_date=date)], f"{s}")
        for s, date in ((1, "2026-01-31T00:00:00Z"), (2, LATER))
    ]
    predicted = study_of(*folders).gains[0].metric("predicted_improvement")
    assert predicted
    assert (predicted.value, predicted.low, predicted.high) == (0.0, 0.0, 0.0)


def test_a_tainted_arm_takes_its_pair_with_it(launch: Launch) -> None:
    points = [graph_point(4, seed=1), graph_point(4, seed=2, test_date=LATER)]
    for point in points:
        rows, unit, warm_ups = point.samples["timed", "decode_seconds_off"]
        rows = rows.copy()
        rows[3] *= 50
        point.samples["timed", "decode_seconds_off"] = (rows, unit, warm_ups)
        point.sample_marks["timed", "decode_seconds_off"] = [
            "tainted: busy" if row == 3 else "" for row in range(len(rows))
        ]
    folders = [launch([point], name) for point, name in zip(points, "ab", strict=True)]
    gain = study_of(*folders).gains[0].metric("throughput_improvement")
    assert gain
    assert gain.samples == 18
    assert gain.value == pytest.approx(120, abs=4)


def test_what_is_not_available_says_why(launch: Launch) -> None:
    folder = launch([not_available(batch) for batch in (1, 2)] + [graph_point(4)])
    study = study_of(folder)
    assert len(study.measured) == 1
    cells = gain_table(study).rows[0]
    assert cells[-1] == "not available: backend 'cpu' has no graphs"
    assert set(cells[2:-1]) == {"–"}
    assert any("2 of 3 points: not available" in text for text in graph_sentences(study))
    assert main([str(folder)]) == 0
    for page in ("report.md", "report.html"):
        assert "has no graphs" in (folder / page).read_text().replace("&#39;", "'")
    record = json.loads((folder / "results.json").read_text())
    (entry,) = record["results"]
    assert entry["points"][0]["status"] == "not_available"
    assert entry["points"][0]["withheld"].endswith("has no graphs")
    checks = {item["question"]: item["passed"] for item in record["verification"]["checklist"]}
    assert checks["Verified"]


def test_only_what_is_not_available(launch: Launch) -> None:
    folder = launch([not_available(1)])
    assert main([str(folder)]) == 0
    assert not list((folder / "figures").iterdir())


def test_a_failed_verdict_has_no_gain(launch: Launch) -> None:
    point = graph_point(4)
    point.verdicts = [("token equality of on and off", False, "", "sequence 3 differs")]
    study = study_of(launch([point]))
    assert not study.measured
    assert "sequence 3 differs" in gain_table(study).rows[0][-1]


def test_models_are_told_apart(launch: Launch) -> None:
    other = graph_launch(parameters={"model": "small"})
    assert len(results_of(launch(graph_launch() + other)).graph_studies) == 2


def test_pairs_that_are_not_complete_are_noticed(launch: Launch) -> None:
    point = graph_point(4)
    rows, unit, warm_ups = point.samples["timed", "decode_seconds_on"]
    point.samples["timed", "decode_seconds_on"] = (rows[:-2], unit, warm_ups)
    results = results_of(launch([point], "a"), launch([graph_point(4, test_date=LATER)], "b"))
    checks = json.loads(to_json(summary(results)))["verification"]["checklist"]
    assert [i["passed"] for i in checks if i["question"].startswith("On and off")] == [False]
    metric = results.graph_studies[0].gains[0].metric("throughput_improvement")
    assert metric
    assert metric.samples == 10  # of the launch that has its pairs


def test_the_figures_of_a_launch_are_written(launch: Launch) -> None:
    folder = launch(graph_launch())
    assert main([str(folder)]) == 0
    (png,) = (folder / "figures").iterdir()
    assert png.name == "graphs_tiny_graph_gain_tp1.png"
    assert "predicted gain" in printout(results_of(folder))
    record = json.loads((folder / "results.json").read_text())
    gain = record["results"][0]["points"][0]["metrics"]["throughput_improvement"]
    assert gain["value"] == pytest.approx(110, abs=4)


def test_nothing_is_claimed_from_shared_devices(launch: Launch) -> None:
    points = graph_launch()
    for point in points:
        point.marks = ["oversubscribed"]
    study = study_of(launch(points))
    assert all("oversubscribed" in row[-1] for row in gain_table(study).rows)
    (sentence,) = graph_sentences(study)
    assert "Nothing is claimed" in sentence
    assert "+110" not in sentence
