"""Projections: the arithmetic, where its all-reduces are from, and that they are never taken for measurements."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from ablations import shard_launch, shard_point
from conftest import Launch
from synthetic import strong_launch
from test_scaling import results_of

from tpscale_analysis.all_reduce_model import (
    PUBLISHED,
    AllReduceModel,
    parse_bandwidth,
    parse_latencies,
)
from tpscale_analysis.figures.projected import projected
from tpscale_analysis.figures.render import to_png
from tpscale_analysis.projection import ProjectedRow, Projection
from tpscale_analysis.projection_tables import computing_table, projection_table, shard_sentences
from tpscale_analysis.report.cli import main


def projection_of(*folders: Path) -> Projection:
    (projection,) = results_of(*folders).projections
    return projection


def row_of(projection: Projection, phase: str, degree: int) -> ProjectedRow:
    return next(r for r in projection.rows if (r.phase.name, r.degree) == (phase, degree))


def test_the_model() -> None:
    assert PUBLISHED.seconds(1, 2**20) == 0
    assert PUBLISHED.seconds(2, 0) == 8e-6
    assert PUBLISHED.seconds(4, 0) == 10e-6
    assert PUBLISHED.seconds(8, 370_000_000) == pytest.approx(15e-6 + 2 * 7 / 8 * 1e-3)
    assert PUBLISHED.latency(6) == pytest.approx(10e-6 + 5e-6 * (np.log2(6) - 2))
    assert PUBLISHED.seconds(16, 0) is None
    assert AllReduceModel((1e-6, 2e-6, 3e-6, 4e-6), 1e9).seconds(16, 0) == 4e-6


def test_the_options() -> None:
    assert parse_latencies("8us,10us, 0.015 ms") == pytest.approx((8e-6, 10e-6, 15e-6))
    assert parse_bandwidth("370GB/s") == 370e9
    assert parse_bandwidth("1.5 TB/s") == 1.5e12
    for text in (
        "",
        "8",
        "8us,",
        "-8us",
        "0us",
        "8 us 9us",
        "nan us",
        "1e3us",
        "1us," * 20 + "1us",
    ):
        with pytest.raises(ValueError, match="latenc"):
            parse_latencies(text)
    for text in ("", "370", "370GB", "0GB/s", "-1GB/s", "inf GB/s", "370 Gb/s"):
        with pytest.raises(ValueError, match="bandwidth"):
            parse_bandwidth(text)


def test_a_projection_is_computing_and_all_reduces(launch: Launch) -> None:
    projection = projection_of(launch(shard_launch()))
    row = row_of(projection, "decode", 8)
    each = 15e-6 + 2 * 7 / 8 * 16384 / 370e9
    assert row.added_seconds == pytest.approx(32 * 57 * each)
    assert row.seconds
    assert row.seconds.value == pytest.approx(row.computing.value + 32 * 57 * each)
    assert row.step
    assert row.step.value == pytest.approx(row.seconds.value / 32)
    base = row_of(projection, "decode", 1)
    assert base.added_seconds == 0
    assert base.seconds
    assert row.speedup
    assert row.speedup.value == pytest.approx(base.seconds.value / row.seconds.value)
    assert row.efficiency
    assert row.efficiency.value == pytest.approx(row.speedup.value / 8)
    whole = row_of(projection, "end_to_end", 8)
    prefill = row_of(projection, "prefill", 8)
    assert whole.added_seconds == pytest.approx(row.added_seconds + prefill.added_seconds)
    assert "S = T(1)/T(8)" in row.how_obtained


def test_beyond_the_given_degrees_nothing_is_projected(launch: Launch) -> None:
    points = [*shard_launch(), shard_point(16, prefill=0.006, decode=0.03)]
    row = row_of(projection_of(launch(points)), "decode", 16)
    assert row.seconds is None
    assert "16 ranks" in row.reason


def test_all_reduces_that_were_measured_come_first(launch: Launch) -> None:
    """The strong-scaling points hold 8192 and 1048576 B at 2, 4 and 8 ranks: size / 4e9 + 1e-5 s."""
    own = {"backend": "cuda", "communicator": "auto", "threads": 1}
    shards = launch(shard_launch(message=8192, parameters={"threads": 1}), "shards")
    scaling = launch(strong_launch(parameters=own), "scaling")
    projection = projection_of(shards, scaling)
    decode, prefill = (row_of(projection, phase, 4) for phase in ("decode", "prefill"))
    assert decode.source == "measured alone"
    assert decode.added_seconds == pytest.approx(32 * 57 * (8192 / 4e9 + 1e-5))
    assert prefill.source == "model"  # 524288 B were not measured
    table = projection_table(projection)
    assert table
    assert "measured alone" in table.note
    assert "370 GB/s" in table.note
    crowded = strong_launch(parameters=own)
    for point in crowded:
        point.marks = ["oversubscribed"]
    for others in (
        strong_launch(parameters={**own, "communicator": "mpi"}),
        strong_launch(parameters=own, hardware={"device": "another"}),
        crowded,
    ):
        name = f"other{id(others)}"
        assert row_of(projection_of(shards, launch(others, name)), "decode", 4).source == "model"


def test_projections_stay_out_of_measured_curves(launch: Launch) -> None:
    strong = launch(strong_launch(), "strong")
    both = results_of(strong, launch(shard_launch(), "shards"))
    (alone,), (beside,) = results_of(strong).scalings, both.scalings
    assert [p.point_id for p in alone.curve.points] == [p.point_id for p in beside.curve.points]
    assert [row.speedup for row in alone.rows] == [row.speedup for row in beside.rows]
    assert not [v for v in both.projections[0].study.shards[0].point.verdicts if "proj" in v.name]


def test_everything_projected_says_so(launch: Launch) -> None:
    folder = launch(shard_launch())
    assert main([str(folder)]) == 0
    projection = projection_of(folder)
    table = projection_table(projection)
    assert table
    assert "Projection" in table.title
    titles = [column.title for column in table.columns]
    assert [t for t in titles if "speed-up" in t or "efficiency" in t or "time" in t] == [
        t for t in titles if t.startswith("projection: ") and "step" not in t and "all" not in t
    ]
    assert "published" in table.note
    assert "8/10/15 us" in table.note
    figure = projected(projection)
    assert figure
    assert all("Projection" in panel.title for panel in figure.panels)
    assert to_png(figure).startswith(b"\x89PNG")
    assert (folder / "figures" / "shards_tiny_projection.png").is_file()
    assert all(
        "Projection" in sentence
        for sentence in shard_sentences(projection)
        if re.search("as fast as", sentence)
    )
    (entry,) = json.loads((folder / "results.json").read_text())["results"]
    assert entry["projection"]["label"] == "projection, not a measurement"
    for row in entry["projection"]["projection_rows"]:
        named = [key for key in row if "speedup" in key or "efficiency" in key]
        assert named
        assert all(key.startswith("projection_") for key in named)
    checks = json.loads((folder / "results.json").read_text())["verification"]["checklist"]
    (outside,) = [i["fact"] for i in checks if i["question"] == "No outside data"]
    assert "no measurements" in outside
    assert "published" in outside
    assert not [key for point in entry["points"] for key in point["metrics"] if "project" in key]


def test_the_options_reach_the_figures(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = launch(shard_launch())
    options = ["--all-reduce-latency", "3us,4us,5us", "--bus-bandwidth", "480GB/s", "--no-figures"]
    assert main([str(folder), *options]) == 0
    note = capsys.readouterr().out
    assert "latency 3/4/5 us at 2/4/8 ranks (given by --all-reduce-latency)" in note
    assert "480 GB/s (given by --bus-bandwidth)" in note
    (entry,) = json.loads((folder / "results.json").read_text())["results"]
    assert entry["projection"]["projection_model"]["bus_bandwidth"] == 480e9
    for option, value in (("--all-reduce-latency", "fast"), ("--bus-bandwidth", "370")):
        with pytest.raises(SystemExit) as stopped:
            main([str(folder), option, value])
        assert stopped.value.code == 2
        assert option in capsys.readouterr().err


def test_a_shard_that_failed_or_says_too_little(launch: Launch) -> None:
    points = shard_launch()
    points[1].verdicts = [("plausible", False, "", "more than the device can do")]
    for name in list(points[2].conditions):
        points[2].conditions[name] = -1
    projection = projection_of(launch(points))
    assert {row.degree for row in projection.rows} == {1, 4, 8}
    assert "more than the device" in computing_table(projection.study).rows[1][-1]
    assert row_of(projection, "decode", 4).seconds is None
    assert row_of(projection, "decode", 8).speedup
