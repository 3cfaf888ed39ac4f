"""Known speed-ups are found again."""

from pathlib import Path

import numpy as np
import pytest
from conftest import Launch
from synthetic import scaling_point, strong_launch, weak_launch

from tpscale_analysis.headings import curve_title
from tpscale_analysis.inputs import find_sources
from tpscale_analysis.reader import read_file
from tpscale_analysis.results import Results, derive
from tpscale_analysis.scaling import Scaling, ScalingRow
from tpscale_analysis.sentences import summary_of


def results_of(*folders: Path) -> Results:
    """Read in this process: that another one reads for the command is tested with the command."""
    return derive([p for s in find_sources(list(folders)) for p in read_file(s.file, s.launch)])


def only(folder: Path) -> Scaling:
    (scaling,) = results_of(folder).scalings
    return scaling


def row_of(scaling: Scaling, phase: str, tp: int) -> ScalingRow:
    return next(row for row in scaling.rows if row.phase.name == phase and row.tp == tp)


@pytest.mark.parametrize("phase", ["prefill", "decode", "end_to_end"])
def test_strong_scaling(launch: Launch, phase: str) -> None:
    scaling = only(launch(strong_launch(seed=3, repetitions=20)))
    for tp, true in {1: 1.0, 2: 1.8, 4: 3.2, 8: 5.0}.items():
        row = row_of(scaling, phase, tp)
        assert row.speedup
        assert row.efficiency
        assert row.speedup.value == pytest.approx(true, rel=0.02)
        assert row.efficiency.value == pytest.approx(true / tp, rel=0.02)
        assert row.speedup.low * 0.99 <= true <= row.speedup.high * 1.01
        assert row.base_tp == 1


def test_weak_scaling(launch: Launch) -> None:
    scaling = only(launch(weak_launch()))
    for tp, true in {2: 0.95, 4: 0.9, 8: 0.8}.items():
        row = row_of(scaling, "end_to_end", tp)
        assert row.speedup
        assert row.efficiency
        assert row.efficiency.value == pytest.approx(true, rel=0.02)
        assert row.speedup.value == pytest.approx(true * tp, rel=0.02)


def test_a_base_above_one(launch: Launch) -> None:
    points = [point for point in strong_launch() if point.parameters["tp"] in (2, 8)]
    row = row_of(only(launch(points)), "decode", 8)
    assert row.base_tp == 2
    assert row.speedup
    assert row.efficiency
    assert row.speedup.value == pytest.approx(5.0 / 1.8, rel=0.03)
    assert row.efficiency.value == pytest.approx(5.0 / 1.8 * 2 / 8, rel=0.03)
    assert "x 2/8" in row.how_obtained


def test_a_repetition_is_its_maximum_over_ranks_and_warm_ups_do_not_count(launch: Launch) -> None:
    points = [scaling_point(1, seconds=1.0), scaling_point(2, seconds=1.0)]
    rows = np.array([[9.0, 9.0], [0.1, 0.5], [0.5, 0.2]])
    points[1].samples["timed", "wall_seconds"] = (rows, "s", 1)
    row = row_of(only(launch(points)), "end_to_end", 2)
    assert row.seconds
    assert row.seconds.value == 0.5
    assert row.repetitions == 2


def test_drift_beyond_the_interval_marks_the_ratios(launch: Launch) -> None:
    points = strong_launch()
    points[-1] = scaling_point(1, seconds=1.5, base_repeat=True)
    scaling = only(launch(points))
    assert scaling.drifts["end_to_end"].change.value == pytest.approx(0.25, rel=0.1)
    assert "drifted" in row_of(scaling, "end_to_end", 4).marks
    assert "drifted" not in row_of(scaling, "end_to_end", 1).marks
    steady = only(launch([scaling_point(p, seconds=1, noise=0.05, base_repeat=r)
                          for p, r in ((1, False), (2, False), (1, True))], "steady"))  # fmt: skip
    assert "drifted" not in row_of(steady, "end_to_end", 2).marks


def test_a_failed_verdict_has_no_figures(launch: Launch) -> None:
    points = strong_launch()
    points[2].verdicts = [("plausible", False, "", "more than the device can do")]
    results = results_of(launch(points))
    row = row_of(results.scalings[0], "decode", 4)
    assert (row.seconds, row.throughput, row.speedup, row.efficiency) == (None,) * 4
    assert "more than the device can do" in row.reason
    assert row_of(results.scalings[0], "decode", 8).speedup
    assert not results.scalings[0].curve.points[2].metrics


def test_a_failed_base_leaves_no_ratio(launch: Launch) -> None:
    points = strong_launch()
    points[0].verdicts = [("phases add up", False, "", "they do not")]
    row = row_of(only(launch(points)), "decode", 2)
    assert row.seconds
    assert row.speedup is None
    assert "base" in row.reason


def test_an_out_of_memory_point_says_so(launch: Launch) -> None:
    points = strong_launch()
    points[0].status, points[0].status_reason = "out_of_memory", "asked 9 B of 3 B"
    points[0].samples, points[0].arrays, points[0].results = {}, {}, {}
    scaling = only(launch(points))
    assert row_of(scaling, "decode", 1).reason == "out of memory: asked 9 B of 3 B"
    assert row_of(scaling, "decode", 8).base_tp == 2


@pytest.mark.parametrize("kind", ["strong-scaling", "weak-scaling"])
def test_tokens_are_compared_again(launch: Launch, kind: str) -> None:
    points = [scaling_point(tp, seconds=1.0, kind=kind) for tp in (1, 2)]
    assert only(launch(points, "equal")).equality[2].level == "L0"
    points[1].arrays["output_tokens"] = points[1].arrays["output_tokens"].copy()
    points[1].arrays["output_tokens"][3, 2] += 1
    scaling = only(launch(points, "different"))
    assert scaling.equality[2].passed is False
    assert "1 of 8 sequences" in scaling.equality[2].sentence
    assert row_of(scaling, "decode", 2).speedup is None


def test_tokens_that_part_at_a_near_tie_are_level_1(launch: Launch) -> None:
    points = [scaling_point(tp, seconds=1.0, parameters={"dtype": "bf16"}) for tp in (1, 2)]
    points[1].arrays["output_tokens"] = points[1].arrays["output_tokens"].copy()
    points[1].arrays["output_tokens"][3, 2:] += 1
    margins = np.full((8, 6), 3_000_000)
    margins[3, 2] = 100_000  # 0.1, below the limit of bf16
    points[0].arrays["output_margins"] = margins
    assert only(launch(points, "near")).equality[2].level == "L1"
    margins[3, 2] = 300_000
    assert only(launch(points, "far")).equality[2].passed is False


def test_oversubscribed_is_shown_and_marked(launch: Launch) -> None:
    points = strong_launch()
    points[3].marks = ["oversubscribed"]
    row = row_of(only(launch(points)), "decode", 8)
    assert row.efficiency
    assert "oversubscribed" in row.marks


def test_tainted_rows_do_not_count(launch: Launch) -> None:
    points = strong_launch()
    plain = row_of(only(launch(points, "plain")), "end_to_end", 2)
    rows, unit, warm_ups = points[1].samples["timed", "wall_seconds"]
    rows = np.vstack([rows, [[50.0, 50.0]]])
    points[1].samples["timed", "wall_seconds"] = (rows, unit, warm_ups)
    points[1].sample_marks["timed", "wall_seconds"] = [""] * (len(rows) - 1) + ["tainted: hot"]
    marked = row_of(only(launch(points, "marked")), "end_to_end", 2)
    assert marked.seconds == plain.seconds
    assert "tainted" not in marked.marks
    assert "1 tainted left out" in marked.marks


def test_where_every_repetition_is_tainted_the_figures_say_so(launch: Launch) -> None:
    points = strong_launch()
    for name in ("wall_seconds", "prefill_seconds", "decode_seconds"):
        points[0].sample_marks["timed", name] = ["tainted: 20 % CPU pressure"] * 11
    scaling = only(launch(points))
    assert "tainted" in row_of(scaling, "decode", 1).marks
    assert "base tainted" in row_of(scaling, "decode", 4).marks
    assert row_of(scaling, "decode", 4).speedup
    assert any("tainted" in sentence for sentence in summary_of(scaling))


def test_a_time_of_zero_has_no_figures(launch: Launch) -> None:
    points = strong_launch()
    points[2].samples["timed", "decode_seconds"] = (np.zeros((11, 4)), "s", 1)
    row = row_of(only(launch(points)), "decode", 4)
    assert row.speedup is None
    assert row.reason == "a time of zero"


def test_curves_of_one_name_are_told_apart(launch: Launch) -> None:
    points = strong_launch() + strong_launch(parameters={"input_tokens": 64})
    points += strong_launch(parameters={"input_tokens": 32})
    titles = {curve_title(s.curve) for s in results_of(launch(points)).scalings}
    assert len(titles) == 3
    assert any("input_tokens 64" in title for title in titles)
