"""The batch scripts on a Slurm of three nodes: nothing that was measured is lost, and nothing is measured twice."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from jobs import PROJECT, Cluster, Job
from points import SMALL, degrees, lasting, points, stamps
from worlds import wait_for

TWO_NODES = ["--nodes=2", "--ntasks-per-node=1"]
# what a shell would expand, split or end a string at
HOSTILE = "a b'c\"d $(touch pwned) `touch pwned` ;touch pwned * \\ $HOME"
LONG = [*SMALL, *lasting(2)]


def wait_for_points(job: Job, results: Path, number: int) -> dict[str, int]:
    return wait_for(
        f"{number} points of job {job.id}",
        lambda: stamps(results) if len(stamps(results)) >= number else {},
        log=job.log,
    )


def assert_each_point_once(results: Path, kept: dict[str, int], wanted: list[int]) -> None:
    after = stamps(results)
    assert {name: after.get(name) for name in kept} == kept, (
        "a finished point is gone or was measured again"
    )
    assert degrees(results) == wanted


def assert_report_has_each_once(folder: Path, wanted: list[int]) -> None:
    report = json.loads((folder / "results.json").read_text())
    assert sorted(test["parameters"]["tp"] for test in report["tests"]) == wanted
    assert all(len(launches) == 1 for launches in report["raw_results"].values()), "a point twice"


@pytest.mark.parametrize("launcher", ["mpirun", pytest.param("srun", marks=pytest.mark.whole)])
def test_two_nodes_and_values_that_no_shell_may_read(cluster: Cluster, launcher: str) -> None:
    configuration = cluster.folder / f"{HOSTILE.replace('/', '')}.toml"
    configuration.write_text(
        'model = "tiny"\nnum-sequences = 1\ninput-tokens = 9\noutput-tokens = 3\n'
    )
    results = cluster.folder / f"results {HOSTILE}"
    job = cluster.submit(
        TWO_NODES,
        ["--config", str(configuration), *SMALL[8:]],
        {"TPSCALE_LAUNCHER": launcher, "TPSCALE_OUTPUT": str(results)},
    )
    job.wait_until_measured()
    assert degrees(results) == [1, 1, 2]
    assert (results / "results.h5").exists()
    (two,) = [point for point in points(results) if point.tp == 2]
    assert "n0" in two.hosts and "n1" in two.hosts
    assert HOSTILE in two.command_line.replace("'\\''", "'"), two.command_line
    assert not list(cluster.folder.rglob("pwned"))


def test_an_array_over_degrees_is_merged(cluster: Cluster, build: Path) -> None:
    """As it is documented: without --threads, which are a part of what a point is."""
    job = cluster.submit(
        ["--nodes=1", "--ntasks-per-node=2", "--array=0-1"], SMALL, {"TPSCALE_DEGREES": "1,2"}
    )
    for task in (0, 1):
        Job(cluster, f"{job.id}_{task}").wait_until_measured()
    found = [point for degree in (1, 2) for point in points(cluster.results / f"tp{degree}")]
    assert [point.threads for point in found] == [found[0].threads] * 2
    subprocess.run(
        [
            build / "bin" / "tpscale-report",
            cluster.results,
            "-o",
            cluster.folder / "report",
            "--no-figures",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert_report_has_each_once(cluster.folder / "report", [1, 2])


@pytest.mark.parametrize("launcher", ["mpirun", "srun"])
def test_a_degree_takes_as_few_nodes_as_hold_it(cluster: Cluster, launcher: str) -> None:
    """Of two nodes with 2 ranks each, the first one full: else a point's link would depend on the launcher. One task
    after the other, as all nodes are this machine."""
    job = cluster.submit(
        ["--nodes=2", "--ntasks-per-node=2", "--array=0-1%1"],
        [*SMALL, "--threads", "1"],
        {"TPSCALE_DEGREES": "2,4", "TPSCALE_LAUNCHER": launcher},
    )
    for task in (0, 1):
        Job(cluster, f"{job.id}_{task}").wait_until_measured()
    placed = {}
    for degree in (2, 4):
        (point,) = points(cluster.results / f"tp{degree}")
        placed[degree] = sorted(Counter(re.findall(r"rank \d+: (\S+) ", point.rank_cores)).values())
    assert placed == {2: [2], 4: [2, 2]}


@pytest.mark.parametrize("launcher", ["mpirun", pytest.param("srun", marks=pytest.mark.whole)])
def test_a_warned_job_goes_back_and_goes_on(cluster: Cluster, launcher: str) -> None:
    job = cluster.submit(TWO_NODES, LONG, {"TPSCALE_LAUNCHER": launcher})
    kept = wait_for_points(job, cluster.results, 1)
    cluster.slurm("scancel", "--signal=USR1", "--batch", job.id)
    job.wait_for_restart()
    assert "got USR1" in job.output
    kept |= stamps(cluster.results)
    assert len(kept) < 3, "it was done before it was warned"
    job.wait_until_measured()
    assert_each_point_once(cluster.results, kept, [1, 1, 2])


def test_a_job_that_loses_a_node_goes_on_without_it(cluster: Cluster) -> None:
    job = cluster.submit(TWO_NODES, LONG)
    kept = wait_for_points(job, cluster.results, 1)
    cluster.kill_node("n1")
    job.wait_for_restart()
    kept |= stamps(cluster.results)
    assert len(kept) < 3, "it was done before the node was lost"
    job.wait_until_measured()
    assert "n1" not in job.nodes
    assert_each_point_once(cluster.results, kept, [1, 1, 2])


@pytest.mark.whole
def test_the_node_of_the_batch_script_is_lost(cluster: Cluster) -> None:
    job = cluster.submit(TWO_NODES, LONG)
    kept = wait_for_points(job, cluster.results, 1)
    cluster.kill_node("n0")
    job.wait_for_restart()
    kept |= stamps(cluster.results)
    job.wait_until_measured()
    assert "n0" not in job.nodes
    assert_each_point_once(cluster.results, kept, [1, 1, 2])


@pytest.mark.whole
def test_a_cancelled_job_keeps_its_points_and_leaves_no_process(cluster: Cluster) -> None:
    job = cluster.submit(TWO_NODES, LONG)
    kept = wait_for_points(job, cluster.results, 1)
    cluster.slurm("scancel", job.id)
    job.wait_until("CANCELLED")
    wait_for("end of all ranks", lambda: not cluster.programs(), log=job.log)
    assert job.restarts == 0
    found = {point.path.name: point.stamp for point in points(cluster.results)}
    assert kept.items() <= found.items()


@pytest.mark.whole
def test_a_time_limit_is_a_warning_and_a_new_start(cluster: Cluster) -> None:
    """Slurm counts in minutes and warns up to one early, so the work is made longer than what a start can get."""
    job = cluster.submit(
        [*TWO_NODES, "--time=1", "--signal=B:USR1@20"],
        ["weak-scaling", "--sequences-per-rank", "1", *SMALL, *lasting(11)],
    )
    job.wait_for_restart()
    assert "got USR1" in job.output
    kept = stamps(cluster.results)
    job.wait_until_measured()
    assert_each_point_once(cluster.results, kept, [1, 1, 1, 1, 2, 2])


def test_a_study_of_four_degrees_that_loses_a_node_is_complete(cluster: Cluster) -> None:
    study = cluster.folder / "study"
    smoke = PROJECT / "launch" / "studies" / "smoke.toml"
    told = cluster.slurm(str(PROJECT / "launch" / "sweep"), "submit", str(smoke), "-o", str(study))
    array, report = re.findall(r"^.*\bjob (\d+)$", told, re.MULTILINE)
    tasks = [Job(cluster, f"{array}_{index}") for index in range(4)]
    tasks[3].wait_until("RUNNING")
    node = tasks[3].facts()["BatchHost"]
    cluster.kill_node(node)
    tasks[3].wait_for_restart()
    for task in tasks:
        task.wait_until_measured()
    Job(cluster, report).wait_until("COMPLETED")
    assert_report_has_each_once(study / "report", [1, 2, 4, 8])
