"""Quality beside speed: what a launch's text says of its points is shown and made again."""

import math

import numpy as np
import pytest
from comparisons import prefix_sweep
from conftest import Launch
from schema_writer import PointSpec
from synthetic import strong_launch
from test_scaling import results_of

from tpscale_analysis.printout import printout
from tpscale_analysis.quality_tables import curve_quality, study_quality
from tpscale_analysis.report.compose import compose
from tpscale_analysis.report.page import to_markdown_text


def judged(point: PointSpec) -> PointSpec:
    """Two windows of a text of 400 bytes."""
    windows = {
        "text_nll": [300.0, 150.0],
        "text_hits": [120.0, 62.0],
        "text_tokens": [200.0, 100.0],
    }
    for name, rows in windows.items():
        point.samples["quality", name] = (np.array(rows).reshape(-1, 1), "1", 0)
    values = {
        "perplexity": math.exp(1.5),
        "accuracy": 182 / 300,
        "bits_per_byte": 450 / math.log(2) / 400,
    }
    for name, value in values.items():
        point.results[name] = (
            value,
            value,
            value,
            "1",
            f"of 300 tokens / (ln 2 x 400 bytes) = {value:.3g}",
        )
    return point  # fmt: skip


def test_quality_stands_in_every_section(launch: Launch) -> None:
    results = results_of(launch([judged(p) for p in [*strong_launch()[:2], *prefix_sweep()[:2]]]))
    table = curve_quality(results.scalings[0])
    assert table
    assert [row[:3] for row in table.rows] == [("1", "4.482", "60.7 %"), ("2", "4.482", "60.7 %")]
    assert study_quality(results.studies[0])
    shown = printout(results)
    assert shown.count("bits per byte") == 2
    text = to_markdown_text(compose(results))
    assert text.count("Of the text that a launch judges every point by") == 2


def test_without_a_text_there_is_no_table(launch: Launch) -> None:
    results = results_of(launch([*strong_launch()[:2], *prefix_sweep()[:2]]))
    assert curve_quality(results.scalings[0]) is None
    assert study_quality(results.studies[0]) is None


def test_it_is_made_again_from_the_sums_of_its_windows(launch: Launch) -> None:
    point = judged(strong_launch()[0])
    found = {f.name: f for f in results_of(launch([point])).findings}
    for name in ("perplexity", "accuracy", "bits_per_byte"):
        assert found[name].agrees
        assert "judged text" in found[name].how


@pytest.mark.parametrize("name", ["perplexity", "accuracy", "bits_per_byte"])
def test_another_figure_is_found(launch: Launch, name: str) -> None:
    point = judged(strong_launch()[0])
    value = 1.01 * point.results[name][0]
    point.results[name] = (
        value,
        value,
        value,
        "1",
        f"of 300 tokens / (ln 2 x 400 bytes) = {value:.3g}",
    )
    wrong = [f.name for f in results_of(launch([point])).findings if f.agrees is False]
    assert wrong == [name]
