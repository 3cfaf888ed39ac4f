"""Values from files are hostile: whatever they hold stays text."""

import html.parser
import json
import re
from pathlib import Path

import pytest
from ablations import graph_launch, graph_point, monitor, shard_launch
from comparisons import comparison, timeline
from conftest import Launch
from schema_writer import PointSpec
from synthetic import strong_launch

from tpscale_analysis import escape
from tpscale_analysis.report.cli import main

NASTY = (
    "</script><script>alert(1)</script>\"'><img src=https://evil.example/x onerror=alert(2)>"
    " | `code` [l](https://evil.example) ![i](https://evil.example/y) $x^2$ *b* <!-- {{ 7*7 }}\n# h"
    " \x1b[31m\u202e &lt; ]]> \u2028"
)


def hostile_launch() -> list[PointSpec]:
    """Every place that a file fills with text."""
    points = strong_launch(
        parameters={"model": NASTY, "workload": NASTY, NASTY.replace("/", ""): NASTY}
    )[:2]
    for point in points:
        name = NASTY.replace("/", "")
        point.method = point.test_date = NASTY
        point.marks = [NASTY]
        point.results[name] = (1.0, 1.0, 1.0, NASTY)
        point.absent = {name: NASTY}
        point.verdicts = [(NASTY, True, "L0", NASTY)]
        point.conditions = {name: NASTY}
        point.hardware = {"device": NASTY, name: NASTY}
        point.provenance = {"commit": NASTY, "command_line": NASTY, name: NASTY}
        rows, _, warm_ups = point.samples["timed", "wall_seconds"]
        point.samples["timed", name] = (rows, NASTY, warm_ups)
        point.samples["memory", name] = (rows, "B", warm_ups)
    other = strong_launch()[0]
    other.test_name = NASTY
    other.parameters["experiment"] = NASTY
    return [*points, other, *hostile_ablations(), *hostile_comparisons()]


def hostile_ablations() -> list[PointSpec]:
    """Comparisons, shards and monitors: some with figures, some with a nasty reason for none."""
    named = {"model": NASTY, "workload": NASTY}
    points = graph_launch(parameters=named)[:2] + shard_launch(parameters=named)
    series, marks = monitor(reason=NASTY)
    for point in points:
        point.marks = [NASTY]
        point.verdicts = [(NASTY, True, "L0", NASTY)]
        point.samples.update(series)
        point.sample_marks.update(marks)
        rows, _, warm_ups = point.samples["monitor", "device_power"]
        point.samples["monitor", "device_power"] = (rows, NASTY, warm_ups)
    absent = graph_point(8, parameters={**named, "batch_size": NASTY})
    absent.status, absent.status_reason, absent.results = "not_available", NASTY, {}
    return [*points, absent]


def hostile_comparisons() -> list[PointSpec]:
    """Arms, figures, swept values, timelines and arithmetic, of experiments with and without a view."""
    name = NASTY.replace("/", "")
    points = []
    for test_name in ("prefix-cache", "scheduler", NASTY):
        for value in (NASTY, 2):
            point = comparison(
                test_name,
                {name: 1.0, "on": 2.0},
                others={f"{name}_p50_seconds": {name: 1.0}, f"{name}_p99_seconds": {name: 2.0}},
                figures={
                    "cache_hit_rate": (0.5, 0.4, 0.6, "1", NASTY),
                    name: (1.0, 0.0, 2.0, NASTY, f"1 / 0 x {NASTY} = {NASTY}"),
                },
                parameters={"model": NASTY, "shared_share": value, name: value},
                marks=[NASTY],
            )
            point.samples.update(timeline())
            for (phase, series), rows in timeline().items():
                point.samples[phase, f"{series}{name}"] = rows
            points.append(point)
    return points


class Elements(html.parser.HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.data: list[str] = []
        self.comments: list[str] = []
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self._in_data = tag == "script" and ("type", "application/json") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._in_data = self._in_data and tag != "script"

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(data)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from schema_writer import write_point  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("hostile")
    for point in hostile_launch():
        write_point(folder, point)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tpscale_analysis.figures.render.DPI", 20)
        assert main([str(folder)]) == 0
    return folder


def parsed(folder: Path) -> Elements:
    elements = Elements()
    elements.feed((folder / "report.html").read_text())
    return elements


def test_no_element_and_no_handler_gets_in(pages: Path) -> None:
    elements = parsed(pages)
    assert not elements.tags & {"img", "iframe", "object", "embed", "form", "base", "video"}
    assert not [name for name, _ in elements.attributes if name.startswith("on")]
    assert elements.comments == []
    text = (pages / "report.html").read_text()
    assert (
        text.count("<script") == 2
    )  # the data, and our own, which the page's policy names by its hash
    assert "script-src 'sha256-" in text


def test_nothing_outside_is_referred_to(pages: Path) -> None:
    text = (pages / "report.html").read_text()
    elements = parsed(pages)
    for name, value in elements.attributes:
        if name in ("src", "href", "xlink:href", "action", "srcset", "poster", "data"):
            assert value
            assert value.startswith(("#", "data:,")), value
        if name == "style" and value:
            assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)", value))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in text.split("</style>")[0]
    assert "default-src 'none'" in text


def test_the_data_in_the_page_is_json(pages: Path) -> None:
    (data,) = parsed(pages).data
    assert json.loads(data)["results"]


def test_the_ids_of_the_page_are_unique(pages: Path) -> None:
    ids = [value for name, value in parsed(pages).attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_markdown_stays_text(pages: Path) -> None:
    text = (pages / "report.md").read_text()
    assert "<" not in text.replace("&lt;", "")
    assert "\x1b" not in text
    for url in re.findall(r"(?<!\\)\]\(([^)]*)\)", text):
        assert url.startswith("figures/"), url
    widths: list[int] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("|"):
            widths.append(len(re.findall(r"(?<!\\)\|", line)))
        else:
            assert len(set(widths)) <= 1, widths
            widths = []


def test_the_terminal_gets_no_control_characters(
    launch: Launch, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(launch(hostile_launch())), "--no-figures"])
    out = capsys.readouterr().out
    assert not [c for c in out if ord(c) < 32 and c != "\n"]
    assert "\u202e" not in out


def test_file_names_are_plain(pages: Path) -> None:
    for path in (pages / "figures").iterdir():
        assert re.fullmatch(r"[a-z0-9._-]+\.png", path.name)


def test_each_context_has_its_escaping() -> None:
    assert escape.html('<a b="c">&\'') == "&lt;a b=&#34;c&#34;&gt;&amp;&#39;"
    assert json.loads(str(escape.script_json(NASTY))) == NASTY
    assert not set("<>&") & set(str(escape.script_json(NASTY)))
    assert escape.console("a\nb\x1b[0m") == "a b\N{REPLACEMENT CHARACTER}[0m"
    assert escape.markdown("a|b_`*") == "a\\|b\\_\\`\\*"
