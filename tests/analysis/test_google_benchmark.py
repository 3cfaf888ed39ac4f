"""Micro-benchmarks in the report: JSON files of Google Benchmark, whole and hostile."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Launch
from synthetic import strong_launch
from test_hostile import NASTY

from tpscale_analysis.errors import BadDataError
from tpscale_analysis.inputs import Source
from tpscale_analysis.isolated import read_points
from tpscale_analysis.merge import merge
from tpscale_analysis.micro.benchmark_name import parse_name
from tpscale_analysis.point import Point
from tpscale_analysis.report.cli import main

CONTEXT = {
    "date": "2026-01-31T12:00:00+00:00",
    "host_name": "node1",
    "executable": "bin/micro",
    "num_cpus": 4,
}


def entry(name: str, seconds: float, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "run_name": name, "run_type": "iteration", "repetition_index": 0, "iterations": 7,
        "real_time": seconds * 1e6, "cpu_time": 1.0, "time_unit": "us", **more,
    }  # fmt: skip


def bus_entries(repetitions: int = 3) -> list[dict[str, Any]]:
    found = []
    for size in (64, 4096, 65536):
        name = f"all_reduce/shm/f32/ranks:2/bytes:{size}/iterations:5/manual_time"
        for index in range(repetitions):
            seconds = size * 1e-9 * (1 + 0.01 * index)
            found.append(entry(name, seconds, repetition_index=index, busbw=size / seconds))
    return found


def write(folder: Path, entries: list[Any], name: str = "micro.json") -> Path:
    file = folder / name
    file.write_text(json.dumps({"context": CONTEXT, "benchmarks": entries}))
    return file


def read(file: Path) -> list[Point]:
    return read_points([Source(file, file.parent)])


def test_a_repetition_is_a_sample(tmp_path: Path) -> None:
    points = read(write(tmp_path, bus_entries()))
    assert len(points) == 3
    series = points[0].samples["timed/seconds"]
    assert series.rows[:, 0] == pytest.approx([64e-9, 64.64e-9, 65.28e-9])
    metric = points[0].results["busbw"]
    assert metric.unit == "B/s"
    assert metric.value == pytest.approx(1e9 / 1.01)
    assert metric.low < metric.value < metric.high


def test_aggregates_are_left_out(tmp_path: Path) -> None:
    mean = entry("f/x:1", 9.0, run_type="aggregate", aggregate_name="mean")
    (point,) = read(write(tmp_path, [entry("f/x:1", 1.0), mean]))
    assert point.results["seconds"].value == 1.0


def test_seconds_are_of_the_median_where_rates_are(tmp_path: Path) -> None:
    size, name = 4096, "all_reduce/shm/f32/ranks:2/bytes:4096/iterations:5/manual_time"
    entries = [
        entry(name, 9e-6, repetition_index=index, median_s=seconds, algbw=size / seconds)
        for index, seconds in enumerate((2e-6, 3e-6, 4e-6))
    ]
    (point,) = read(write(tmp_path, entries))
    assert point.results["seconds"].value == pytest.approx(3e-6)
    assert size / point.results["seconds"].value == pytest.approx(point.results["algbw"].value)
    assert "median_s" not in point.results


def test_marks_are_those_of_the_label(tmp_path: Path) -> None:
    name, crowded = "linear/qkv/m/rows:1/bf16", "oversubscribed: more ranks than cores"
    entries = [
        entry(name, 1.0, repetition_index=0),
        entry(name, 1.0, repetition_index=1, label=f"{crowded} | implausible: above a peak; again"),
        entry("BM_other", 1.0, label="implausibly fast | tainted"),
        entry("BM_number", 1.0, label=7),
    ]
    points = {point.parameters["benchmark"]: point for point in read(write(tmp_path, entries))}
    assert points[name].marks == ("oversubscribed", "implausible")
    assert points["BM_other"].marks == ()
    assert points["BM_number"].marks == ()


def test_an_error_has_no_figures(tmp_path: Path) -> None:
    wrong = entry("all_reduce/shm", 1.0, error_occurred=True, error_message="a wrong result")
    for entries in ([wrong], [entry("all_reduce/shm", 1.0), wrong]):
        (point,) = merge(read(write(tmp_path, entries)))
        assert point.status == "not_available"
        assert point.first.status_reason == "a wrong result"
        assert not point.metrics


def test_two_files_are_two_sets_of_samples(tmp_path: Path) -> None:
    first = write(tmp_path, bus_entries())
    second = write(tmp_path, bus_entries(repetitions=5), "other.json")
    copy = write(tmp_path, bus_entries(), "copy.json")
    points = [point for file in (first, second, copy) for point in read(file)]
    merged = merge(points)
    assert len(merged) == 3
    assert all(len(point.repetitions("timed/seconds")) == 8 for point in merged)


def test_names_of_google_benchmark_are_understood() -> None:
    name = parse_name("linear/qkv/m/tp:2/rows:8/bf16/iterations:5/repeats:3/manual_time")
    assert name.family == "linear"
    assert name.rest == "qkv/m/tp:2/rows:8/bf16"
    assert name.numbers == {"tp": 2, "rows": 8}
    assert name.without("rows") == "qkv/m/tp:2/bf16"
    assert parse_name("BM_copy/real_time").rest == "BM_copy"


@pytest.mark.charts
def test_the_report_has_a_table_and_a_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write(tmp_path, bus_entries()), tmp_path / "out"
    assert main([str(file), "-o", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "all_reduce" in shown
    assert "shm/f32/ranks:2/bytes:4096" in shown
    assert "MB/s" in shown
    assert (out / "figures" / "micro-model_all-reduce.png").exists()
    page = (out / "report.md").read_text()
    assert "micro.json" in page
    assert "busbw by bytes" in (out / "report.html").read_text()
    record = json.loads((out / "results.json").read_text())
    assert all(test["test_name"] == "micro" for test in record["tests"])


def test_beside_other_experiments(launch: Launch, tmp_path: Path) -> None:
    file = write(tmp_path, bus_entries())
    folder = launch(strong_launch())
    assert main([str(folder), str(file), "-o", str(tmp_path / "out"), "--no-figures"]) == 0
    assert "Micro-benchmarks" in (tmp_path / "out" / "report.md").read_text()


def test_input_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, bus_entries(), "results.json")
    before = file.read_bytes()
    assert main([str(file)]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert file.read_bytes() == before


HOSTILE = {
    "empty": "",
    "half": '{"context": {}, "benchmarks": [',
    "a list": "[]",
    "no benchmarks": '{"context": {}}',
    "none": '{"context": {}, "benchmarks": []}',
    "deep": "[" * 100_000,
    "not UTF-8": b"\xff\xfe{",
    "a number": "7",
    "long integer": '{"context": {}, "benchmarks": [{"name": "a", "real_time": '
    + "9" * 9000
    + "}]}",
}
BAD_ENTRIES: dict[str, Any] = {
    "no object": 7,
    "no name": {"real_time": 1.0},
    "a list for a name": {**entry("a", 1.0), "run_name": ["a"]},
    "no time": {"name": "a"},
    "a text for a time": {**entry("a", 1.0), "real_time": "1"},
    "true for a time": {**entry("a", 1.0), "real_time": True},
    "negative": entry("a", -1.0),
    "a median of nothing": entry("a", 1.0, median_s=0.0),
    "zero": entry("a", 0.0),
    "not finite": entry("a", float("inf")),
    "not a number": entry("a", 1.0, busbw=float("nan")),
    "too large": entry("a", 1.0, busbw=10**400),
    "unit": {**entry("a", 1.0), "time_unit": "fortnight"},
    "long name": entry("a" * 100_000, 1.0),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_one_sentence(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, content = tmp_path / "x.json", HOSTILE[name]
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main([str(file), "-o", str(tmp_path / "out")]) == 65
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", BAD_ENTRIES)
def test_bad_entries_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadDataError, match=r"x\.json"):
        read(write(tmp_path, [BAD_ENTRIES[name]], "x.json"))


def test_texts_stay_texts(tmp_path: Path) -> None:
    entries = [entry(f"{NASTY}/{size}/rows:{size}", 1.0, **{NASTY: 1.0}) for size in (1, 2)]
    entries.append(entry("\ud800", 1.0, error_occurred=True, error_message=NASTY))
    file = write(tmp_path, entries)
    assert main([str(file), "-o", str(tmp_path / "out"), "--no-figures"]) == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<script>alert" not in page
    assert "<img src=https" not in page
