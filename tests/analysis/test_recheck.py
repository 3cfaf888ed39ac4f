"""Every stored figure is made again; whatever was changed is found."""

import json

import numpy as np
import pytest
from comparisons import comparison, prefix_sweep, scheduler_point
from conftest import Launch
from schema_writer import PointSpec, median_of
from synthetic import strong_launch
from test_scaling import results_of

from tpscale_analysis.checklist import checklist
from tpscale_analysis.recheck.bootstrap_range import median_ends
from tpscale_analysis.recheck.findings import Finding
from tpscale_analysis.recheck.formula import evaluate, stated
from tpscale_analysis.report.cli import main

SERIES = {"wall_seconds": np.array([2.0, 4.0])}


def wrong_of(launch: Launch, points: list[PointSpec]) -> list[Finding]:
    return [f for f in results_of(launch(points)).findings if f.agrees is False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("320 output tokens / wall_seconds of the slowest of 2 ranks; median = 9", [160.0, 80.0]),
        ("1,024 B x 3 copies / wall_seconds / 2 ranks = 12 B/s", [768.0, 384.0]),
        ("1 - 25 tokens / 100 tokens", [0.75]),
        ("(100 - 25) / 100 x 100 per cent", [75.0]),
        ("2 / (wall_seconds - 1) / 2", [1.0, 1 / 3]),
        ("640 B / 64 (of all ranks)", [10.0]),
        ("mean over requests of 3 / 4", None),
        ("42", None),
        ("a wall_seconds of the one rank", None),
        ("1 / 0", None),
        ("(1 + 2", None),
        ("1 / / 2", None),
        ("x", None),
        ("", None),
        ("__import__ / 2", None),
    ],
)
def test_arithmetic_is_read_or_left_alone(text: str, expected: list[float] | None) -> None:
    found = evaluate(text, SERIES.get)
    assert (found is None) == (expected is None)
    if expected is not None and found is not None:
        np.testing.assert_allclose(found, expected)


def test_the_result_that_a_text_states() -> None:
    assert stated("a / b = 10,736 token/s") == 10736
    assert stated("a = b = -1.5e-7 s") == -1.5e-7
    assert stated("a / b") is None
    assert stated("a = b") is None


@pytest.mark.parametrize("count", [2, 3, 5, 8, 10, 11, 40])
def test_the_ends_of_a_bootstrap_lie_where_they_must(count: int) -> None:
    for seed in range(20):
        generator = np.random.default_rng([count, seed])
        values = generator.lognormal(size=count)
        drawn = np.median(values[generator.integers(0, count, (10_000, count))], axis=1)
        low, high = np.percentile(drawn, [2.5, 97.5])
        ends = median_ends(values)
        assert ends
        assert ends[0][0] <= min(low, np.median(values)) <= ends[0][1]
        assert ends[1][0] <= max(high, np.median(values)) <= ends[1][1]
    wide = median_ends(np.arange(40.0))
    assert wide
    assert not wide[0][0] <= 0.0 <= wide[0][1]  # the least value is no 95 % interval's end


def test_what_was_measured_agrees(launch: Launch) -> None:
    results = results_of(launch([*strong_launch(), *prefix_sweep(), scheduler_point()]))
    assert [f for f in results.findings if f.agrees is False] == []
    assert sum(1 for f in results.findings if f.agrees) > 60
    item = next(i for i in checklist(results) if i.question == "Each number checkable alone")
    assert item.passed


def test_a_median_that_is_none_is_found(launch: Launch) -> None:
    point = comparison("throughput", {"": 1.0})
    value, low, high, unit, how = point.results["output_throughput"]
    point.results["output_throughput"] = (value * 1.02, low * 1.02, high * 1.02, unit, how)
    (found,) = wrong_of(launch, [point])
    assert found.name == "output_throughput"
    assert found.made == pytest.approx(value)


def test_an_interval_that_is_too_narrow_is_found(launch: Launch) -> None:
    point = comparison("throughput", {"": 1.0})
    value, _, _, unit, how = point.results["wall_seconds"]
    point.results["wall_seconds"] = (value, value, value, unit, how)
    (found,) = wrong_of(launch, [point])
    assert "interval begins" in found.how or "interval ends" in found.how


def test_a_changed_gain_is_found(launch: Launch) -> None:
    point = scheduler_point()
    value, low, high, unit, how = point.results["improvement_vs_mixed"]
    point.results["improvement_vs_mixed"] = (value + 1, low + 1, high + 1, unit, how)
    assert {f.name for f in wrong_of(launch, [point])} == {"improvement_vs_mixed"}


def test_a_text_that_states_another_number_is_found(launch: Launch) -> None:
    point = comparison("memory", {"": 1.0})
    point.results["slots"] = (64.0, 64.0, 64.0, "1", "4 sequences x 16 slots = 65 slots")
    (found,) = wrong_of(launch, [point])
    assert "65" in found.how


def test_the_report_fails_its_checklist(launch: Launch) -> None:
    point = comparison("throughput", {"": 1.0})
    value, low, high, unit, how = point.results["output_throughput"]
    point.results["output_throughput"] = (value * 2, low * 2, high * 2, unit, how)
    folder = launch([point])
    assert main([str(folder), "--no-figures"]) == 0
    record = json.loads((folder / "results.json").read_text())
    checks = {item["question"]: item for item in record["verification"]["checklist"]}
    assert not checks["Each number checkable alone"]["passed"]
    assert "DIFFERS" in (folder / "report.md").read_text()
    differing = [f["name"] for f in record["verification"]["recomputed"] if f["agrees"] is False]
    assert differing == ["output_throughput"]
    (test,) = record["tests"]
    assert test["verification"]["made_again"]["differ"] == ["output_throughput"]


def latency_point() -> PointSpec:
    """The raw times of 20 requests a run, and what follows from them."""
    generator = np.random.default_rng(5)
    raw = (1e9 * generator.gamma(3.0, 0.01, (11, 20))).round()
    raw[:, -1] = -1  # a request that has no such time
    point = comparison("latency", {"": 1.0})
    point.arrays["ttft_ns"] = raw
    for name, of in (("mean", np.mean), ("p99", lambda row: np.percentile(row, 99))):
        rows = np.array([[of(row[row >= 0]) * 1e-9] for row in raw])
        point.samples["timed", f"ttft_{name}_seconds"] = (rows, "s", 1)
        figure = median_of(rows[1:, 0], "s", f"{name} of 19 values on rank 0's host")
        point.results[f"ttft_{name}_seconds" if name != "mean" else "ttft_mean"] = figure
    return point


def test_percentiles_are_made_again_from_the_times_of_requests(launch: Launch) -> None:
    found = {f.name: f for f in results_of(launch([latency_point()])).findings}
    for name in ("ttft_mean", "ttft_p99_seconds"):
        assert found[name].agrees
        assert "raw times" in found[name].how


def test_a_percentile_that_the_requests_do_not_have_is_found(launch: Launch) -> None:
    point = latency_point()
    rows, unit, warm_ups = point.samples["timed", "ttft_p99_seconds"]
    point.samples["timed", "ttft_p99_seconds"] = (rows * 0.9, unit, warm_ups)
    point.results["ttft_p99_seconds"] = median_of(rows[1:, 0] * 0.9, "s", "99th percentile")
    assert [f.name for f in wrong_of(launch, [point])] == ["ttft_p99_seconds"]
