"""TPSCALE_BINARY_DIR is the build under test; TPSCALE_TEST_ALL=1 runs what is beyond the share of launch/test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jobs import Cluster
from worlds import world

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

from figures import WHOLE, Figure

ALL_SKIPPED = 77  # ctest shows the test as skipped
PROMISES = {"test_slurm": "Slurm", "test_hosts": "several hosts"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "whole: only under launch/test --all")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if WHOLE:
        return
    for item in items:
        if item.get_closest_marker("whole"):
            item.add_marker(
                pytest.mark.skip(reason="beyond the share of launch/test; --all runs it")
            )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A line of launch/test's table for each test that passed; its figure is what it recorded as a property."""
    figure = Figure(
        PROMISES[item.module.__name__], item.name.removeprefix("test_").replace("_", " ")
    )
    yield
    figure.reached(dict(item.user_properties).get("figure", "passed"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if (
        session.exitstatus == 0
        and reporter.stats.get("skipped")
        and not reporter.stats.get("passed")
    ):
        session.exitstatus = ALL_SKIPPED


@pytest.fixture(scope="session")
def build() -> Path:
    return Path(os.environ["TPSCALE_BINARY_DIR"])


@pytest.fixture
def cluster(build: Path, tmp_path: Path) -> Iterator[Cluster]:
    """New for each test: it starts in a second, and with lost nodes and cancelled jobs none is like another."""
    with world("slurm_cluster", "4") as folder:
        yield Cluster.of(folder, tmp_path, build)
