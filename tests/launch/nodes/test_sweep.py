"""A study over an array of Slurm's jobs: a node dies on the way, and the merged report holds each point once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from jobs import PROJECT, Cluster
from worlds import wait_for, world

STUDY = PROJECT / "launch" / "studies" / "smoke.toml"
TO_DO = 75


@pytest.fixture(scope="module")
def slurm() -> Iterator[Path]:
    """A node for each degree."""
    with world("slurm_cluster", "4") as folder:
        yield folder


def sweep(cluster: Cluster, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROJECT / "launch" / "sweep", command, STUDY, "-o", cluster.results],
        env=cluster.environment,
        cwd=cluster.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_study_survives_its_node(cluster: Cluster, build: Path) -> None:
    (cluster.folder / "home" / "bin" / "tpscale-report").symlink_to(
        build / "bin" / "tpscale-report"
    )
    submitted = sweep(cluster, "submit")
    assert submitted.returncode == 0, submitted.stderr

    journal = cluster.results / "state" / "strong-scaling_tiny_tp8"

    def node() -> str:
        """Of the launch of 8 ranks, as it has started."""
        words = journal.read_text().split("\t") if journal.exists() else []
        return words[2].removeprefix("on ").partition(",")[0] if len(words) > 2 else ""

    def status() -> str:
        return sweep(cluster, "status").stdout

    lost = wait_for("launch of 8 ranks", node)
    cluster.kill_node(lost)
    try:
        wait_for(
            "end of the study", lambda: sweep(cluster, "status").returncode != TO_DO, 300, status
        )
        report = cluster.results / "report" / "results.json"
        wait_for("report", report.exists, 120, status)
    finally:
        cluster.revive(lost)
    assert sweep(cluster, "status").returncode == 0, status()
    events = [line.split("\t")[1] for line in journal.read_text().splitlines()]
    assert events == ["started", "started", "ended"]
    merged = json.loads(report.read_text())
    assert sorted(test["parameters"]["tp"] for test in merged["tests"]) == [1, 2, 4, 8]
    assert all(len(launches) == 1 for launches in merged["raw_results"].values()), "a point twice"
