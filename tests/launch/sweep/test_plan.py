from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest

from conftest import PROJECT, STUDY, Workshop


def test_a_plan_tells_points_memory_time_and_commands_and_runs_nothing(workshop: Workshop) -> None:
    result = workshop.sweep("plan")
    assert result.returncode == 0, result.stderr
    assert "latency_tiny_tp2: 2 ranks on 1 node, 2 points, time unknown" in result.stdout
    assert "1.0 GiB weights + 512.0 MiB KV cache + 1.0 MiB activations = 1.5 GiB" in result.stdout
    assert "2 launches, 4 points" in result.stdout
    command = next(
        shlex.split(line) for line in result.stdout.splitlines() if " mpirun -n 2 " in line
    )
    assert command[:5] == ["timeout", "-s", "USR1", "-k", "100"]
    assert command[-3:] == ["-o", str(workshop.launch(2)), "--resume"]
    assert not workshop.results.exists()


def test_every_combination_is_a_launch(workshop: Workshop) -> None:
    workshop.study.write_text(
        STUDY.replace('["latency"]', '["latency", "memory"]')
        + '[axes]\nscheduler = ["separated", "mixed"]\nprefix-cache = [true, false]\n[options]\nbatch-size = [1, 8]\n'
    )
    text = workshop.sweep("plan").stdout
    assert "16 launches, 32 points" in text
    assert "memory_tiny_tp2_scheduler=mixed_no-prefix-cache: " in text
    assert "--batch-size=1,8 --scheduler=mixed --no-prefix-cache" in text


def test_parts_inherit_what_they_do_not_say(workshop: Workshop) -> None:
    workshop.study.write_text(
        STUDY.replace("[1, 2]", "[1]")
        + '[options]\nprofile = "full"\n[[part]]\ntogether = true\ndegrees = [1, 4]\n'
        + '[[part]]\nexperiments = ["memory"]\noptions = {profile = "smoke"}\n'
    )
    text = workshop.sweep("plan", "-o", "elsewhere").stdout
    assert "latency_tiny_tp1,4: 4 ranks" in text
    assert "latency --model=tiny --tp=1,4 --profile=full" in text
    assert "memory --model=tiny --tp=1 --profile=smoke" in text


def test_what_does_not_fit_is_said(workshop: Workshop) -> None:
    machine = workshop.folder / "small.toml"
    machine.write_text(
        "gpus-per-node = 2\nmemory-per-gpu-gib = 1\ngemm-tflops = 1\nread-gb-per-second = 100\n"
    )
    result = workshop.sweep("plan", "--machine", str(machine))
    assert result.stdout.count("DOES NOT FIT a GPU of 1.0 GiB") == 4
    assert "(rough model)" in result.stdout
    assert "--backend=cuda" in result.stdout


def test_time_comes_from_what_the_study_has_measured(workshop: Workshop) -> None:
    workshop.sweep("run", FAKE_ENDS="tp2:2")
    state = workshop.results / "state" / "latency_tiny_tp1"
    state.write_text("2026-01-01T00:00:00Z\tstarted\there\n2026-01-01T00:00:40Z\tended\t0\n")
    text = workshop.sweep("plan").stdout
    assert "latency_tiny_tp1: 1 rank on 1 node, 2 points, took 40 s" in text
    assert "2 points, about 40 s (from 1 finished of this experiment and model)" in text


def test_several_nodes_are_an_array_of_their_own(workshop: Workshop) -> None:
    workshop.study.write_text(
        STUDY.replace("[1, 2]", "[1, 8, 16, 32]").replace('"laptop"', '"h100-nodes"')
    )
    lines = [
        shlex.split(line)[1:]
        for line in workshop.sweep("plan").stdout.splitlines()
        if line.startswith("submit: ")
    ]
    assert [word for line in lines for word in line if word.startswith(("--array", "--nodes"))] == [
        *("--array=0-1%4", "--nodes=1"),
        *("--array=2%2", "--nodes=2"),
        *("--array=3%1", "--nodes=4"),
    ]
    assert all("--ntasks-per-node=8" in line and "--gres=gpu:8" in line for line in lines)


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "launch" / "machines").glob("*.toml")), ids=lambda path: path.stem
)
def test_each_fact_of_a_machine_file_has_its_reason(path: Path) -> None:
    """A comment above it, or above the facts it stands with."""
    reason = False
    for line in path.read_text().splitlines():
        if not line or line.startswith("["):
            reason = False
        elif line.startswith("#"):
            reason = True
        else:
            assert reason or "#" in line, line
    tomllib.loads(path.read_text())


@pytest.mark.parametrize("name", ["smoke", "plan"])
def test_the_studies_that_ship_are_whole(workshop: Workshop, name: str) -> None:
    workshop.study = PROJECT / "launch" / "studies" / f"{name}.toml"
    result = workshop.sweep("plan")
    assert result.returncode == 0, result.stderr
    last = "strong-scaling_tiny_tp8" if name == "smoke" else "kv-compression_qwen3-8b_tp8"
    assert last in result.stdout


def test_a_launch_of_several_nodes_needs_hosts_or_slurm(workshop: Workshop) -> None:
    """mpirun alone would start all of its ranks here."""
    workshop.study.write_text(STUDY.replace("[1, 2]", "[8, 16]"))
    machine = workshop.folder / "two.toml"
    machine.write_text("gpus-per-node = 0\nranks-per-node = 8\nnodes = 2\n")
    refused = workshop.sweep("run", "--machine", str(machine))
    assert (refused.returncode, refused.stderr.count("\n")) == (69, 1)
    assert "latency_tiny_tp16 takes 2 nodes" in refused.stderr
    assert not workshop.results.exists()
    planned = workshop.sweep("plan", "--machine", str(machine)).stdout
    assert " mpirun -n 8 " in planned
    assert " mpirun -n 16 " not in planned
    machine.write_text(machine.read_text() + 'hosts = ["a", "b"]\n')
    assert workshop.sweep("run", "--machine", str(machine)).returncode == 0


def test_what_the_program_says_is_said_whole(workshop: Workshop) -> None:
    workshop.study.write_text(STUDY.replace("latency", "no-such-thing-" + "x" * 200))
    assert workshop.sweep("plan").stderr.endswith("x'\n")
