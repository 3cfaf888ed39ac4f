"""results.json has the shape that the README documents, whatever was measured."""

import json
from pathlib import Path
from typing import Any

import pytest
from ablations import graph_launch, not_available, shard_launch
from comparisons import comparison, prefix_sweep, scheduler_point, timeline
from conftest import Launch
from schema_writer import PointSpec
from synthetic import strong_launch, weak_launch

from tpscale_analysis.report.cli import main

NUMBER = (int, float)
VALUE = (str, int, float, bool, list)
FIGURE = {
    "value": NUMBER, "low": NUMBER, "high": NUMBER, "unit": str, "samples": int, "spread": NUMBER,
    "marks": [str],
}  # fmt: skip
VERDICT = {"name": str, "passed": bool, "level": str, "sentence": str}
TEST = {
    "test_name": str,
    "test_date": str,
    "hardware": {"*": VALUE},
    "method": str,
    "parameters": {"*": VALUE},
    "results": {"*": FIGURE},
    "how_obtained": {"*": str},
    "verification": {
        "point_id": str,
        "status": str,
        "withheld": str,
        "launches": int,
        "marks": [str],
        "conditions": {"*": VALUE},
        "verdicts": [VERDICT],
        "repetitions": {"*": int},
        "spread": {"*": NUMBER},
        "made_again": {"agree": int, "differ": [str], "not_made": [str]},
        "absent": {"*": str},
    },
}
SAMPLES = {
    "unit": str, "clock": str, "warm_ups": int, "columns": [str], "rows": [[NUMBER]], "marks": [str],
}  # fmt: skip
SHAPE = {
    "format": str,
    "schema_version": int,
    "test_name": str,
    "test_date": str,
    "hardware": [{"*": VALUE}],
    "method": {"*": str},
    "parameters": {"*": VALUE},
    "tests": [TEST],
    "plan": [
        {
            "section": str, "experiment": str, "points": int, "measured": int, "verdicts": int,
            "passed": int, "marks": [str], "state": str,
        }
    ],
    "results": [dict],
    "how_obtained": {"*": {"*": str}},
    "verification": {
        "verdicts": {"*": [VERDICT]},
        "token_equality": {"*": dict},
        "withheld": {"*": str},
        "checklist": [{"question": str, "passed": bool, "fact": str}],
        "recomputed": [
            {
                "point_id": str, "test_date": str, "name": str, "stored": NUMBER,
                "made_again": (*NUMBER, type(None)), "agrees": (bool, type(None)), "how": str,
            }
        ],
    },
    "config": [
        {"point_id": str, "test_date": str, "provenance": {"*": VALUE}, "conditions": {"*": VALUE}}
    ],
    "raw_results": {
        "*": [{"test_date": str, "status": str, "status_reason": str, "samples": {"*": SAMPLES}, "rows": [dict]}]
    },
    "aggregated_stats": {
        "*": {
            "*": {
                "launches": int, "repetitions": int, "median": NUMBER, "low": NUMBER, "high": NUMBER,
                "min": NUMBER, "max": NUMBER, "spread": NUMBER,
            }
        }
    },
    "baseline_stats": [dict],
}  # fmt: skip


def misfits(value: Any, shape: Any, where: str = "") -> list[str]:
    """Where a value is not of the shape: [one] is a list, {"*": one} a mapping of any keys."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [m for i, one in enumerate(value) for m in misfits(one, shape[0], f"{where}/{i}")]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        if set(shape) == {"*"}:
            return [m for k, one in value.items() for m in misfits(one, shape["*"], f"{where}/{k}")]
        wrong = [f"{where} has the keys {sorted(value)}"] * (set(value) != set(shape))
        there = [(key, one) for key, one in shape.items() if key in value]
        return wrong + [m for key, one in there for m in misfits(value[key], one, f"{where}/{key}")]
    return [] if isinstance(value, shape) else [f"{where} is {value!r:.60}"]


def watched(point: PointSpec) -> PointSpec:
    point.samples.update(timeline())
    return point


def failed() -> PointSpec:
    point = comparison("latency", {"": 1.0})
    point.verdicts = [("plausible", False, "", "too good to be true")]
    return point


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from schema_writer import write_point  # noqa: PLC0415

    folder: Path = tmp_path_factory.mktemp("record")
    points = [
        *strong_launch()[:2], *weak_launch()[:2], *graph_launch()[:1], not_available(2),
        *shard_launch()[:2], *prefix_sweep()[:2], watched(scheduler_point()), failed(),
    ]  # fmt: skip
    for point in points:
        write_point(folder, point)
    assert main([str(folder), "--no-figures"]) == 0
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return found


def test_the_shape(record: dict[str, Any]) -> None:
    assert misfits(record, SHAPE) == []


def test_a_record_a_point(record: dict[str, Any]) -> None:
    tests = record["tests"]
    assert len(tests) == 12
    assert {test["test_name"] for test in tests} == set(record["test_name"].split(", "))
    for test in tests:
        assert set(test["results"]) == set(test["how_obtained"])
        assert bool(test["results"]) != bool(test["verification"]["withheld"])


def test_every_figure_can_be_made_again_from_the_record(record: dict[str, Any]) -> None:
    """A reader who has only results.json: the median of the counted rows is the figure."""
    checked = 0
    for test in record["tests"]:
        ((raw),) = record["raw_results"][test["verification"]["point_id"]]
        for name, figure in test["results"].items():
            series = raw["samples"].get(f"timed/{name}")
            if series:
                counted = sorted(max(row) for row in series["rows"][series["warm_ups"] :])
                low, high = counted[(len(counted) - 1) // 2], counted[len(counted) // 2]
                assert figure["value"] == pytest.approx((low + high) / 2)
                checked += 1
    assert checked > 30


def test_a_shape_that_does_not_fit_is_told() -> None:
    assert misfits({"a": 1}, {"a": str}) == ["/a is 1"]
    assert misfits({"a": [1, "b"]}, {"a": [int]}) == ["/a/1 is 'b'"]
    assert misfits({"b": 1}, {"a": int}) == [" has the keys ['b']"]
    assert misfits([], {"*": int}) == [" is no object"]


def test_nothing_is_lost_of_an_unknown_experiment(launch: Launch) -> None:
    point = comparison("teleport", {"": 2.0}, figures={"rabbits": (3.0, 3.0, 3.0, "furlong")})
    folder = launch([point])
    assert main([str(folder), "--no-figures"]) == 0
    (test,) = json.loads((folder / "results.json").read_text())["tests"]
    assert test["results"]["rabbits"]["unit"] == "furlong"
