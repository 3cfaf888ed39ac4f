"""Makes the package and the helpers importable from the checkout."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "analysis" / "src"), str(HERE.parent / "support"), str(HERE)]

from schema_writer import PointSpec, write_point  # noqa: E402

Launch = Callable[..., Path]
LOOKS_AT_CHARTS = ("test_browser", "test_page")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "charts: the test looks at what is drawn")


@pytest.fixture(autouse=True)
def drawn_where_looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing is most of the time of a report: it is done for these modules and tests with the marker alone."""
    looks = request.node.get_closest_marker("charts")
    if looks or request.module.__name__ in LOOKS_AT_CHARTS:
        return
    page = "tpscale_analysis.report.page.to_svg"
    monkeypatch.setattr(page, lambda _panel, prefix: f"<svg id='{prefix}'></svg>", raising=False)
    monkeypatch.setattr("tpscale_analysis.figures.render.DPI", 30)


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """Writes points as a launch folder of the given name."""

    def write(points: list[PointSpec], name: str = "launch") -> Path:
        for point in points:
            write_point(tmp_path / name, point)
        return tmp_path / name

    return write
