"""Merging does not depend on how, in what order or how often the files are given."""

import itertools
import json
import shutil
from pathlib import Path

import numpy as np
from conftest import Launch
from schema_writer import write_results
from synthetic import scaling_point, strong_launch, weak_launch
from test_scaling import results_of

from tpscale_analysis.export import summary, to_json
from tpscale_analysis.printout import printout


def record_of(*folders: Path) -> str:
    return to_json(summary(results_of(*folders)))


def test_every_order_gives_the_same_bytes(launch: Launch) -> None:
    folders = [
        launch(strong_launch(seed=1)[:2], "a"),
        launch(strong_launch(seed=2, test_date="2026-02-01T00:00:00Z")[:2], "b"),
        launch(weak_launch(seed=3)[:2], "c"),
    ]
    texts = {record_of(*order) for order in itertools.permutations(folders)}
    assert len(texts) == 1


def test_copies_count_once(launch: Launch, tmp_path: Path) -> None:
    points = strong_launch()[:2]
    folder = launch(points)
    shutil.copytree(folder, tmp_path / "copy" / folder.name)
    derived = write_results(tmp_path / "derived" / folder.name / "results.h5", points)
    once = record_of(folder)
    assert record_of(folder, folder) == once
    assert record_of(folder, tmp_path / "copy" / folder.name, derived) == once
    assert record_of(*sorted((folder / "points").iterdir()), folder) == once


def test_separate_launches_give_the_tables_of_one(launch: Launch) -> None:
    points = strong_launch()
    together = launch(points, "together")
    apart = [launch([point], f"rank{i}") for i, point in enumerate(points)]
    assert printout(results_of(*apart)) == printout(results_of(together))


def test_two_launches_pool_their_repetitions(launch: Launch) -> None:
    first = launch(strong_launch(seed=1), "first")
    second = launch(strong_launch(seed=2, test_date="2026-02-01T00:00:00Z"), "second")
    (scaling,) = results_of(first, second).scalings
    assert {row.repetitions for row in scaling.rows} == {20}
    point = scaling.curve.points[0]
    times = point.repetitions("timed/prefill_seconds")
    metric = point.metrics["prefill_throughput"]
    assert metric.samples == 20
    assert np.isclose(metric.value, 512 * 8 / np.median(times), rtol=0.02)
    assert metric.low < metric.value < metric.high
    assert point.metrics["an_unknown_metric"].value == 42.0


def test_a_tainted_launch_does_not_count_beside_a_clean_one(launch: Launch) -> None:
    clean = launch(strong_launch(seed=1), "clean")
    points = strong_launch(seed=2, test_date="2026-02-01T00:00:00Z")
    for point in points:
        for (phase, name), (rows, unit, warm_ups) in list(point.samples.items()):
            if phase == "timed":
                point.samples[phase, name] = (rows * 10, unit, warm_ups)
                point.sample_marks[phase, name] = ["tainted: busy"] * len(rows)
        for name in ("prefill_throughput", "decode_throughput", "total_throughput"):
            value, low, high, unit, *_ = point.results[name]
            point.results[name] = (value / 10, low / 10, high / 10, unit)
    both = results_of(clean, launch(points, "busy")).scalings[0]
    alone = results_of(clean).scalings[0]
    assert [row.seconds for row in both.rows] == [row.seconds for row in alone.rows]
    for ours, theirs in zip(both.rows, alone.rows, strict=True):
        assert ours.throughput
        assert theirs.throughput
        assert np.isclose(ours.throughput.value, theirs.throughput.value, rtol=0.05)
        assert "tainted" not in ours.throughput.marks


def test_a_failure_in_one_launch_withholds_the_point(launch: Launch) -> None:
    bad = strong_launch(seed=2)
    bad[1].verdicts = [("plausible", False, "", "no")]
    results = results_of(launch(strong_launch(seed=1), "good"), launch(bad, "bad"))
    assert list(results.refusals()) == [bad[1].point_id]


def test_other_threads_or_devices_are_other_curves(launch: Launch) -> None:
    points = strong_launch() + strong_launch(parameters={"threads": 2})
    assert len(results_of(launch(points)).scalings) == 2
    other = launch(strong_launch(hardware={"device": "another device"}), "other")
    both = results_of(launch(strong_launch(), "this"), other)
    assert len(both.scalings) == 2
    facts = {
        i["question"]: i["passed"]
        for i in json.loads(to_json(summary(both)))["verification"]["checklist"]
    }
    assert facts["One hardware"] is False


def test_an_experiment_without_curves_is_shown(launch: Launch) -> None:
    point = scaling_point(1, seconds=1.0)
    point.test_name = "latency"
    point.parameters["batch_size"] = 8
    results = results_of(launch([point]))
    assert not results.scalings
    text = printout(results)
    assert "an_unknown_metric [furlong]" in text
    assert "42.00" in text
