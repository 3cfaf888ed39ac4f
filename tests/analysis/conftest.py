"""Makes the package and the helpers importable from the checkout."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "analysis" / "src"), str(HERE)]

from schema_writer import PointSpec, write_point  # noqa: E402

Launch = Callable[..., Path]


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """Writes points as a launch folder of the given name."""

    def write(points: list[PointSpec], name: str = "launch") -> Path:
        for point in points:
            write_point(tmp_path / name, point)
        return tmp_path / name

    return write
