"""Methods to cut the KV cache: their table, the figure of six panels, their rows in results.json."""

import json
import math

import numpy as np
import pytest
from compression import METHODS, compression_point
from conftest import Launch
from matplotlib.figure import Figure as Canvas
from synthetic import strong_launch
from test_experiments import study_of
from test_scaling import results_of

from tpscale_analysis.experiments.method_sentences import method_sentences
from tpscale_analysis.experiments.part_tables import study_tables
from tpscale_analysis.experiments.views import COMPARISON
from tpscale_analysis.figures.figure import Panel
from tpscale_analysis.figures.methods import fitted
from tpscale_analysis.figures.style import PRINT
from tpscale_analysis.report.cli import main
from tpscale_analysis.report.compose import compose
from tpscale_analysis.report.study_section import study_section
from tpscale_analysis.statistics import Estimate


def panels_of(launch: Launch, **point: float) -> dict[str, Panel]:
    section = study_section(study_of(launch([compression_point(**point)])), "kv")
    (figure,) = [part.figure for part in section.parts if part.figure]
    return {panel.title: panel for panel in figure.panels}


def test_a_row_a_method_in_the_order_of_the_run(launch: Launch) -> None:
    study = study_of(launch([compression_point()]))
    assert study.arms == tuple(METHODS)
    table = study_tables(study)[0]
    assert [row[0] for row in table.rows] == list(METHODS)
    assert [column.title.split(" [")[0] for column in table.columns] == [
        "arm", "TTFT mean", "TPOT mean", "decode throughput", "perplexity", "accuracy", "memory peak",
        "cache tokens mean", "cache tokens max", "cache tokens final", "marks",
    ]  # fmt: skip
    (streaming,) = [row for row in table.rows if row[0] == "streaming_256"]
    assert "3.127" in streaming
    assert "61.0 %" in streaming


def test_the_figure_has_the_six_panels_of_the_plan(launch: Launch) -> None:
    panels = panels_of(launch)
    assert list(panels) == [
        "Throughput", "TPOT", "TTFT", "Perplexity", "Peak memory", "Cache size",
    ]  # fmt: skip


@pytest.mark.parametrize("title", ["Throughput", "Perplexity", "Peak memory"])
def test_bars_have_their_values_and_the_colours_of_their_families(
    launch: Launch, title: str
) -> None:
    axes = Canvas().subplots()
    panels_of(launch)[title].draw(axes, PRINT)
    colours = [bar.patches[0].get_edgecolor() for bar in axes.containers if hasattr(bar, "patches")]
    rgb = [tuple(round(255 * part) for part in colour[:3]) for colour in colours]
    wanted = dict.fromkeys(METHODS, PRINT.prefill) | {
        "baseline": PRINT.muted,
        "streaming_256": PRINT.end_to_end,
        "streaming_1024": PRINT.end_to_end,
        "recent_only_256": PRINT.red,
    }
    assert rgb == [tuple(bytes.fromhex(wanted[arm][1:])) for arm in METHODS]
    assert len(axes.texts) == len(METHODS) + 1
    begins_at_0 = axes.get_ylim()[0] == 0.0
    assert begins_at_0 != ("axis from" in axes.texts[-1].get_text())


def test_an_axis_is_fitted_and_says_so() -> None:
    def exact(*values: float) -> list[Estimate]:
        return [Estimate(value, value, value) for value in values]

    assert fitted(exact(10.0, 2.0))[::2] == (0.0, "")
    bottom, top, remark = fitted(exact(100.0, 98.0))
    assert 90.0 < bottom < 98.0
    assert top > 100.0
    assert remark == f"axis from {bottom:g}"
    assert fitted([Estimate(90.0, 40.0, 95.0), Estimate(60.0, 59.0, 61.0)])[::2] == (0.0, "")
    assert fitted(exact(5.0, 5.0))[::2] == (0.0, "")
    assert fitted(exact(0.0, 0.0))[0] == 0.0
    bottom, top, remark = fitted(exact(3.0, 900.0))
    assert (bottom, remark) == (1.0, "logarithmic, from 1")
    assert top > 900.0


def test_a_method_that_is_far_off_hides_no_other(launch: Launch) -> None:
    axes = Canvas().subplots()
    panels_of(launch, worst=7.0)["Perplexity"].draw(axes, PRINT)
    assert axes.get_yscale() == "log"
    assert "logarithmic" in axes.texts[-1].get_text()


def test_the_figure_is_called_what_the_plan_calls_it(launch: Launch) -> None:
    folder = launch([compression_point(), compression_point(2), *strong_launch()[:2]])
    names = [part.file_name for part in compose(results_of(folder)).parts if part.figure]
    assert f"{COMPARISON}.png" in names
    assert f"kv-compression_embedded_{COMPARISON}-2.png" in names
    assert len(set(names)) == len(names)


@pytest.mark.charts
def test_the_page_and_the_files_have_it(launch: Launch) -> None:
    folder = launch([compression_point()])
    assert main([str(folder)]) == 0
    assert (folder / "figures" / f"{COMPARISON}.png").read_bytes().startswith(b"\x89PNG")
    page = (folder / "report.html").read_text()
    assert "What cutting the KV cache costs and saves: Perplexity" in page
    assert page.count("<svg") >= 6
    assert "recent_only_256 keeps 24.0 % of the cached tokens" in page


def test_a_row_a_text_and_method(launch: Launch) -> None:
    point = compression_point()
    folder = launch([point])
    assert main([str(folder), "--no-figures"]) == 0
    record = json.loads((folder / "results.json").read_text())
    ((raw),) = record["raw_results"][point.point_id]
    assert len(raw["rows"]) == 3 * len(METHODS)
    assert [row["method"] for row in raw["rows"][: len(METHODS)]] == list(METHODS)
    first = raw["rows"][0]
    assert first["text"] == 0
    assert first["perplexity"] == pytest.approx(math.exp(first["nll"]))
    stats = record["aggregated_stats"][point.point_id]
    assert list(stats) == list(METHODS)
    for arm in METHODS:
        nll = np.mean([row["nll"] for row in raw["rows"] if row["method"] == arm])
        assert stats[arm]["perplexity"]["value"] == pytest.approx(math.exp(nll))
    (base,) = record["baseline_stats"]
    assert base["method"] == "baseline"
    assert base["figures"] == stats["baseline"]
    rows = {row["experiment"]: row for row in record["plan"]}
    assert (rows["kv-compression"]["section"], rows["kv-compression"]["state"]) == (
        "3.4",
        "measured",
    )


def test_every_figure_of_quality_is_made_again(launch: Launch) -> None:
    findings = {f.name: f for f in results_of(launch([compression_point()])).findings}
    for arm in METHODS:
        for stem in (
            "perplexity",
            "accuracy",
            "bits_per_byte",
            "memory_peak",
            "cache_tokens_max",
            "ttft_mean",
        ):
            assert findings[f"{stem}_{arm}"].agrees, findings[f"{stem}_{arm}"]


def test_a_perplexity_that_its_texts_do_not_have_is_found(launch: Launch) -> None:
    point = compression_point()
    changed = [f"{stem}_streaming_256" for stem in ("bits_per_byte", "memory_peak", "perplexity")]
    for name in changed:
        value, unit, how = *point.results[name][:1], *point.results[name][3:]
        point.results[name] = (0.999 * value,) * 3 + (unit, how)
    findings = results_of(launch([point])).findings
    assert [f.name for f in findings if f.agrees is False] == changed


def test_a_family_is_told_by_its_smallest_cache(launch: Launch) -> None:
    sentences = method_sentences(study_of(launch([compression_point()])))
    assert [text.split()[0] for text in sentences] == [
        "streaming_256", "recent_only_256", "fix_size_l2_256", "l2_ratio_0.9",
    ]  # fmt: skip
    assert "24.0 % of the cached tokens" in sentences[0]
    assert f"{math.exp(0.04):.2f} times the perplexity" in sentences[0]
