"""The page in a real browser: it renders, logs no error, asks for nothing, answers to the pointer and fits a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ablations import graph_launch, monitor, shard_launch
from browser import CHROMIUM, Browser, BrowserError
from conftest import Launch
from schema_writer import write_point
from synthetic import strong_launch, weak_launch

from tpscale_analysis.report.cli import main

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
CHART = "document.querySelector('svg[data-points]')"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ablations = graph_launch() + shard_launch()
    series, marks = monitor(reason="power_cap")
    ablations[0].samples.update(series)
    ablations[0].sample_marks.update(marks)
    folder = tmp_path_factory.mktemp("report") / "launch"
    for point in strong_launch() + weak_launch() + ablations:
        write_point(folder, point)
    assert main([str(folder), "--no-figures"]) == 0
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        with Browser(tmp_path_factory.mktemp("browser")) as started:
            yield started
    except BrowserError as error:
        pytest.skip(str(error))


def opened(browser: Browser, page: Path, width: int = 1280) -> None:
    browser.said.clear()
    browser.asked.clear()
    browser.width(width)
    browser.visit(page)


def test_requests_and_errors_are_noticed_where_there_are_any(
    browser: Browser, tmp_path: Path
) -> None:
    control = tmp_path / "control.html"
    control.write_text("<img src='http://tpscale.invalid/'><script>console.error('seen')</script>")
    opened(browser, control)
    assert any("seen" in line for line in browser.said)
    assert browser.asked == {"http://tpscale.invalid/"}


def test_it_renders_quietly_and_asks_for_nothing(browser: Browser, page: Path) -> None:
    opened(browser, page)
    assert browser.value("document.querySelectorAll('svg').length") >= 19
    text = browser.value("document.body.innerText")
    for heading in (
        "Strong scaling",
        "Projection, not a measurement",
        "The device while it was measured",
    ):
        assert heading in text
    assert browser.said == []
    assert browser.asked == set()


def place_of_a_point(browser: Browser) -> tuple[float, float, str]:
    """The first point of the first chart, on the screen, and what it is to say."""
    browser.value(f"{CHART}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    x, y, text = browser.value(
        f"(() => {{ const svg = {CHART}; const [x, y, text] = JSON.parse(svg.dataset.points)[0];"
        " const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM()); return [p.x, p.y, text]; })()"
    )
    return x, y, text


def test_the_pointer_shows_values(browser: Browser, page: Path) -> None:
    opened(browser, page)
    assert browser.value("document.querySelector('.tip').hidden") is True
    x, y, text = place_of_a_point(browser)
    browser.mouse("mouseMoved", x, y)
    assert browser.value("document.querySelector('.tip').hidden") is False
    assert browser.value("document.querySelector('.tip').textContent") == text
    browser.mouse("mouseMoved", 1, 1)
    assert browser.value("document.querySelector('.tip').hidden") is True


def test_a_double_click_looks_closer(browser: Browser, page: Path) -> None:
    opened(browser, page)
    x, y, _ = place_of_a_point(browser)
    home = browser.value(f"{CHART}.getAttribute('viewBox')")
    browser.mouse("mouseMoved", x, y)
    browser.click(x, y, times=2)
    closer = browser.value(f"{CHART}.getAttribute('viewBox')")
    assert float(closer.split()[2]) == pytest.approx(float(home.split()[2]) / 2)


def test_columns_that_do_not_vary_are_hidden_until_asked_for(browser: Browser, page: Path) -> None:
    opened(browser, page)
    shown = (
        "[...document.querySelectorAll('.same')].filter(cell => cell.offsetParent !== null).length"
    )
    assert browser.value("document.querySelectorAll('.same').length") > 0
    assert browser.value(shown) == 0
    browser.value("document.querySelectorAll('.all').forEach(box => box.click())")
    assert browser.value(shown) > 0


def test_nothing_sticks_out_on_a_phone(browser: Browser, page: Path) -> None:
    opened(browser, page, width=390)
    assert browser.value("document.documentElement.scrollWidth") <= 390


def test_hostile_names_run_nothing(browser: Browser, launch: Launch) -> None:
    points = strong_launch()
    for point in points:
        point.parameters["model"] = (
            "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
        )
    folder = launch(points)
    assert main([str(folder), "--no-figures"]) == 0
    opened(browser, folder / "report.html")
    assert "owned" not in browser.value("document.title").split("<")[0]
    assert browser.value("document.querySelectorAll('img').length") == 0
    assert (browser.said, browser.asked) == ([], set())
