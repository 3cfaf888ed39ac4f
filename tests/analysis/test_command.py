"""The command: what it writes, its exit codes, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import HERE, Launch
from schema_writer import set_attribute, write_point, write_results
from synthetic import scaling_point, strong_launch
from test_scaling import results_of

from tpscale_analysis.figures.catalogue import figures_of
from tpscale_analysis.figures.render import to_png
from tpscale_analysis.report.cli import main

KEYS = {
    "test_name", "test_date", "hardware", "method", "parameters", "results", "how_obtained",
    "verification", "config", "raw_results", "aggregated_stats", "baseline_stats",
}  # fmt: skip


def sentence_of(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.startswith("tpscale-report: ")
    assert error.count("\n") == 1
    return error


def test_a_launch_gets_its_report(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = launch([point for point in strong_launch() if point.parameters["tp"] != 8])
    before = {path: path.read_bytes() for path in (folder / "points").iterdir()}
    assert main([str(folder)]) == 0
    out = capsys.readouterr().out
    assert "Decode: base tp 1" in out
    record = json.loads((folder / "results.json").read_text())
    assert set(record) >= KEYS
    four = record["results"][0]["points"][2]["phases"]["end_to_end"]
    assert four["speedup"]["value"] == pytest.approx(3.2, rel=0.02)
    assert record["baseline_stats"][0]["tp"] == 1
    assert all(item["passed"] for item in record["verification"]["checklist"])
    pictures = {path.name for path in (folder / "figures").iterdir()}
    names = ("throughput", "efficiency", "step_time", "comm_fraction", "memory")
    assert pictures == {f"strong_tiny_{name}.png" for name in names}
    markdown = (folder / "report.md").read_text()
    assert all(f"figures/{name}" in markdown for name in pictures)
    assert {path: path.read_bytes() for path in (folder / "points").iterdir()} == before
    assert not list(folder.rglob("*.tmp"))


@pytest.mark.charts
def test_made_again_it_is_the_same(launch: Launch) -> None:
    folder = launch(strong_launch()[:2])
    names = ("results.json", "report.md", "report.html")
    main([str(folder), "--no-figures"])
    first = [(folder / name).read_bytes() for name in names]
    main([str(folder), "--no-figures"])
    assert [(folder / name).read_bytes() for name in names] == first


@pytest.mark.charts
def test_figures_are_300_dpi_and_drawn_the_same_again(launch: Launch) -> None:
    (scaling,) = results_of(launch(strong_launch()[:2])).scalings
    figure = figures_of(scaling)[-1]
    png = to_png(figure)
    assert to_png(figure) == png
    at = png.index(b"pHYs") + 4
    assert int.from_bytes(png[at : at + 4], "big") == round(300 / 0.0254)


def test_a_failed_verdict_shows_no_figure(launch: Launch) -> None:
    points = strong_launch()
    points = [points[0], points[3]]
    points[1].verdicts = [("plausible", False, "", "too good to be true")]
    folder = launch(points)
    assert main([str(folder), "--no-figures"]) == 0
    record = json.loads((folder / "results.json").read_text())
    eight = record["results"][0]["points"][1]
    assert eight["metrics"] == {}
    assert eight["phases"]["decode"]["speedup"] is None
    assert "breakdown" not in eight
    assert record["aggregated_stats"][points[1].point_id] == {}
    assert "too good to be true" in (folder / "report.md").read_text()


def test_absent_figures_give_their_reason_and_never_0(launch: Launch) -> None:
    folder = launch(strong_launch()[:1])
    main([str(folder), "--no-figures"])
    record = json.loads((folder / "results.json").read_text())
    point = record["results"][0]["points"][0]
    assert "prefill_mfu" not in point["metrics"]
    assert point["absent"]["prefill_mfu"] == "the GEMM rate was not measured"
    assert "the GEMM rate was not measured" in (folder / "report.md").read_text()


def test_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 66
    assert "nowhere" in sentence_of(capsys)
    assert main([str(tmp_path)]) == 66
    assert "no points" in sentence_of(capsys)


def test_several_launches_need_a_folder(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(launch(strong_launch()[:2], name)) for name in ("a", "b")]
    assert main(folders) == 2
    assert "-o" in sentence_of(capsys)
    output = Path(folders[0]).parent / "deep" / "merged"
    assert main([*folders, "-o", str(output), "--no-figures"]) == 0
    assert (output / "report.html").is_file()


def test_a_folder_of_launches_is_searched(launch: Launch, tmp_path: Path) -> None:
    for name in ("a", "b"):
        launch(strong_launch()[:2], name)
    assert main([str(tmp_path), "-o", str(tmp_path / "out"), "--no-figures"]) == 0


@pytest.mark.parametrize(
    "content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n" + bytes(100)], ids=["empty", "text", "head"]
)
def test_what_is_no_hdf5(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "results.h5"
    file.write_bytes(content)
    assert main([str(file)]) == 65
    assert "results.h5" in sentence_of(capsys)


def test_foreign_and_unfinished_files(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = launch([scaling_point(1, seconds=1.0)])
    (file,) = (folder / "points").iterdir()

    def spoil(change: object) -> None:
        with h5py.File(file, "r+") as opened:
            change(opened)  # type: ignore[operator]
        assert main([str(folder)]) == 65
        assert file.name in sentence_of(capsys)
        write_point(folder, scaling_point(1, seconds=1.0))

    spoil(lambda f: f.attrs.__delitem__("complete"))
    spoil(lambda f: f.attrs.__delitem__("format"))
    spoil(lambda f: set_attribute(f, "format", "something else"))
    spoil(lambda f: f.attrs.__setitem__("schema_version", np.int64(2)))
    spoil(lambda f: set_attribute(f, "status", "fine"))
    spoil(lambda f: f.__delitem__("conditions"))
    spoil(lambda f: f.__setitem__("samples/timed/wall_seconds2", h5py.SoftLink("/results")))
    spoil(lambda f: f.__setitem__("arrays/x", h5py.ExternalLink("/etc/passwd", "/")))
    spoil(lambda f: f["samples/timed/wall_seconds"].attrs.__setitem__("warm_ups", np.int64(99)))
    spoil(lambda f: f["samples/timed/wall_seconds"].attrs.__delitem__("unit"))
    spoil(lambda f: f["samples/timed/wall_seconds"].__setitem__((0, 0), np.nan))
    spoil(lambda f: f["results/decode_mbu"].__setitem__(1, 5.0))
    spoil(lambda f: f["arrays"].create_dataset("s", data=[["a"]], dtype=h5py.string_dtype()))
    spoil(lambda f: f["arrays"].create_dataset("huge", (10**7, 10**7), "i8", chunks=(1, 10)))
    spoil(lambda f: f["parameters"].attrs.__setitem__("note", "variable length"))
    assert main([str(folder), "--no-figures"]) == 0


def test_a_flipped_bit_in_the_samples_is_noticed(
    launch: Launch, capsys: pytest.CaptureFixture[str]
) -> None:
    point = scaling_point(1, seconds=1.0)
    folder = launch([point])
    (file,) = (folder / "points").iterdir()
    raw = bytearray(file.read_bytes())
    at = raw.index(point.samples["timed", "wall_seconds"][0].tobytes())
    raw[at + 11] ^= 1
    file.write_bytes(raw)
    assert main([str(folder)]) == 65
    assert file.name in sentence_of(capsys)


def test_an_unwritable_output(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = launch([scaling_point(1, seconds=1.0)])
    blocked = folder / "file"
    blocked.write_text("")
    assert main([str(folder), "-o", str(blocked / "below")]) == 74
    sentence_of(capsys)


def test_strange_names(tmp_path: Path) -> None:
    name = os.fsdecode(b"a b\n'\"<img src=x>$(x) \xff\xe9 \xc3\xa9")
    results = write_results(tmp_path / name / "results.h5", strong_launch()[:2])
    command = [sys.executable, "-m", "tpscale_analysis.report", "--no-figures", str(results)]
    source = str(HERE.parents[1] / "analysis" / "src")
    done = subprocess.run(
        command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": source, "LC_ALL": "C"}
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (tmp_path / name / "report.html").read_text()
    assert "<img" not in page


def test_a_closed_pipe_is_no_failure(launch: Launch) -> None:
    folder = launch(strong_launch()[:2])
    source = str(HERE.parents[1] / "analysis" / "src")
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" -m tpscale_analysis.report --no-figures "$1" | true',
         sys.executable, str(folder)],
        capture_output=True, check=False, env={**os.environ, "PYTHONPATH": source},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == b""
