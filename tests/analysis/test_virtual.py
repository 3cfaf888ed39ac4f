"""Points of virtual devices: their statuses and verdicts are shown, and no figure anywhere."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ablations import graph_launch, monitor, shard_launch
from conftest import Launch
from schema_writer import PointSpec, write_point
from synthetic import strong_launch

from tpscale_analysis.inputs import find_sources
from tpscale_analysis.isolated import read_points
from tpscale_analysis.printout import printout
from tpscale_analysis.rates import rates_table
from tpscale_analysis.report.cli import main
from tpscale_analysis.results import derive

SENTENCE = "virtual device: no performance figure"
CHOICE = {"device_linear 1x128x64 bf16": "cuBLASLt by timing, 987.654 us (heuristic's first 1 ms)"}
NAME = {"device_name": "Virtual GPU (a stand-in)", "gemm_rate": 123.456e9, **CHOICE}


def virtual_launch(how: str) -> list[PointSpec]:
    """Everything a device could be credited with, in recognizable numbers."""
    points = [*strong_launch(), *graph_launch(), *shard_launch()]
    series, marks = monitor()
    for point in points:
        point.samples.update(series)
        point.sample_marks.update(marks)
        if how == "mark":
            point.marks = ["virtual"]
            point.hardware = {"gemm_rate": 123.456e9, **CHOICE}
        else:
            point.hardware = dict(NAME)
        point.verdicts = [
            ("plausible", True, "", "prefill 987.654 GFLOP/s of 9,876 G/s measured"),
            ("token equality with the base", True, "L0", "8 sequences are equal"),
        ]
    return points


def numbers(value: Any, path: str = "") -> list[str]:
    """Where a record holds a floating-point number."""
    if isinstance(value, dict):
        return [found for key, part in value.items() for found in numbers(part, f"{path}/{key}")]
    if isinstance(value, list):
        return [found for part in value for found in numbers(part, path)]
    return [path] if isinstance(value, float) and value else []


@pytest.fixture(scope="module", params=["name", "mark"])
def virtual(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("virtual")
    for point in virtual_launch(request.param):
        write_point(folder, point)
    assert main([str(folder)]) == 0
    return folder


def test_no_figure_in_the_data(virtual: Path) -> None:
    record = json.loads((virtual / "results.json").read_text())
    for key in ("results", "raw_results", "aggregated_stats", "how_obtained", "hardware", "config"):
        found = [
            path
            for path in numbers(record[key])
            if not path.endswith("projection_model/bus_bandwidth")
        ]
        assert [path for path in found if "latency_seconds" not in path] == []
    baseline = record["baseline_stats"]
    assert numbers(baseline) == []
    points = [point for entry in record["results"] for point in entry["points"]]
    assert len(points) == 14
    assert {point["withheld"] for point in points} == {SENTENCE}
    assert all("virtual" in point["marks"] for point in points)
    text = json.dumps(record)
    assert "987.654" not in text
    assert "123456000000" not in text


def test_no_figure_on_the_pages(virtual: Path) -> None:
    for page in ("report.md", "report.html"):
        text = (virtual / page).read_text()
        assert SENTENCE in text
        assert "8 sequences are equal" in text
        assert "987.654" not in text
        assert "123.456" not in text
        assert "1.23456e+11" not in text
        shown = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        assert not re.search(r"\d\]? (µs|ms|token/s|GB/s measured)", shown)
    assert not list((virtual / "figures").iterdir())


def test_no_figure_on_the_terminal(virtual: Path) -> None:
    out = printout(derive(read_points(find_sources([virtual]))))
    assert SENTENCE in out
    assert "The device while" not in out
    assert "Projection" not in out
    assert not re.search(r"\d \[", out)


def test_the_checklist_says_so(virtual: Path) -> None:
    record = json.loads((virtual / "results.json").read_text())
    checks = {item["question"]: item for item in record["verification"]["checklist"]}
    assert not checks["Real devices"]["passed"]
    assert checks["Verified"]["passed"]
    verdicts = next(iter(record["verification"]["verdicts"].values()))
    assert {verdict["passed"] for verdict in verdicts} == {True}


def test_a_failed_verdict_is_still_told(launch: Launch) -> None:
    points = virtual_launch("mark")[:2]
    points[1].verdicts = [("token equality with the base", False, "", "sequence 3 differs")]
    folder = launch(points)
    assert main([str(folder)]) == 0
    record = json.loads((folder / "results.json").read_text())
    assert any("sequence 3 differs" in why for why in record["verification"]["withheld"].values())
    checks = {item["question"]: item for item in record["verification"]["checklist"]}
    assert not checks["Verified"]["passed"]


def test_real_points_beside_them_keep_theirs(launch: Launch, tmp_path: Path) -> None:
    real = launch(strong_launch(), "real")
    virtual = launch(virtual_launch("name"), "virtual")
    assert main([str(real), str(virtual), "-o", str(tmp_path / "out"), "--no-figures"]) == 0
    entries = json.loads((tmp_path / "out" / "results.json").read_text())["results"]
    strong = [entry for entry in entries if entry["test_name"] == "strong-scaling"]
    withheld = sorted({point["withheld"] for entry in strong for point in entry["points"]})
    assert withheld == ["", SENTENCE]


def test_the_table_of_rates_has_none(launch: Launch) -> None:
    points = read_points(find_sources([launch(virtual_launch("name")[:2])]))
    rows = rates_table(points).rows
    assert rows
    assert {cell for row in rows for cell in row[6:]} == {"–"}
