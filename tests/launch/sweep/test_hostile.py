"""Files from elsewhere: one sentence and the right exit code, before anything is run or queued."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from conftest import STUDY, Workshop
from sweep.cli import main

STUDIES = {
    "not TOML": (65, "a = [1, "),
    "binary": (65, "\udcff\udcfe\0\udc80"),
    "no UTF-8": (65, 'name = "\udcff"'),
    "deep": (65, "a = " + "[" * 100_000),
    "large": (65, "#" + "x" * (1 << 20)),
    "twice": (65, STUDY + 'machine = "laptop"\n'),
    "empty": (2, ""),
    "unknown key": (2, STUDY + "sudo = true\n"),
    "unknown key of a part": (2, STUDY + "[[part]]\nname = 'x'\n"),
    "escape in a key": (2, STUDY + '"\\u001b[2J" = 1\n'),
    "name climbs": (2, STUDY + 'name = "../../etc"\n'),
    "name of a command": (2, STUDY + 'name = "a; reboot"\n'),
    "degree 0": (2, STUDY.replace("[1, 2]", "[0]")),
    "degree true": (2, STUDY.replace("[1, 2]", "[true]")),
    "degree text": (2, STUDY.replace("[1, 2]", '"1,2"')),
    "degree twice": (2, STUDY.replace("[1, 2]", "[1, 1]")),
    "no degrees": (2, STUDY.replace("[1, 2]", "[]")),
    "no experiments": (2, STUDY.replace('["latency"]', "[]")),
    "experiment is an option": (2, STUDY.replace("latency", "--help")),
    "unknown experiment": (2, STUDY.replace("latency", "no-such-thing")),
    "retries below 0": (2, STUDY.replace("retries = 2", "retries = -1")),
    "retries without end": (2, STUDY.replace("retries = 2", f"retries = {10**30}")),
    "own option": (2, STUDY + '[options]\noutput = "/etc"\n'),
    "own option denied": (2, STUDY + "[options]\nno-resume = true\n"),
    "no option": (2, STUDY + '[options]\n"x --output" = "/etc"\n'),
    "NUL": (2, STUDY + '[options]\ntext = "a\\u0000b"\n'),
    "option a table": (2, STUDY + "[options.text]\na = 1\n"),
    "option a date": (2, STUDY + "[options]\ntext = 2026-01-01\n"),
    "axis no list": (2, STUDY + "[axes]\nseed = 1\n"),
    "axis empty": (2, STUDY + "[axes]\nseed = []\n"),
    "option and axis": (2, STUDY + "[options]\nseed = 1\n[axes]\nseed = [1, 2]\n"),
    "too many": (2, STUDY + f"[axes]\nseed = {list(range(501))}\n"),
    "far too many": (
        2,
        STUDY + "[axes]\n" + "".join(f"a{i} = {list(range(100))}\n" for i in range(20)),
    ),
    "overlap": (2, STUDY + "[[part]]\n[[part]]\n"),
    "no machine": (66, STUDY.replace('"laptop"', '"no-such"')),
    "machine elsewhere": (66, STUDY.replace('"laptop"', '"../no/such.toml"')),
    "too few devices": (69, STUDY.replace("[1, 2]", "[16]")),
}
MACHINE = "gpus-per-node = 0\nranks-per-node = 8\n"
MACHINES = {
    "not TOML": (65, "gpus-per-node"),
    "empty": (2, ""),
    "no ranks": (2, "gpus-per-node = 0\n"),
    "unknown key": (2, MACHINE + "gpu = 1\n"),
    "memory nan": (2, MACHINE + "memory-per-node-gib = nan\n"),
    "memory negative": (2, MACHINE + "memory-per-node-gib = -1\n"),
    "variable": (2, MACHINE + '[environment]\n"a[$(id)]" = "1"\n'),
    "value no text": (2, MACHINE + "[environment]\nA = 1\n"),
    "host": (2, MACHINE + 'hosts = ["a,b:9"]\n'),
    "fewer hosts than nodes": (2, MACHINE + 'nodes = 2\nhosts = ["a"]\n'),
    "time": (2, MACHINE + '[slurm]\ntime = "soon"\n'),
    "launcher": (2, MACHINE + '[slurm]\ntime = "5"\nlauncher = "sh"\n'),
    "no option of sbatch": (2, MACHINE + '[slurm]\ntime = "5"\noptions = ["/bin/sh"]\n'),
    "partition": (2, MACHINE + '[slurm]\ntime = "5"\npartition = "-x"\n'),
}


@pytest.fixture
def refused(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., None]:
    """The command line within this process, as there are so many."""
    monkeypatch.setattr(os, "environ", workshop.environment)
    monkeypatch.chdir(workshop.folder)

    def ends_with(code: int, *options: str, command: str = "submit") -> None:
        assert main(workshop.command(command, *options)[1:]) == code
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("sweep: ")
        assert said.err.count("\n") == 1, said.err
        assert "\x1b" not in said.err
        assert not (workshop.folder / "sbatch").exists()
        assert not workshop.results.exists()

    return ends_with


@pytest.mark.parametrize("case", STUDIES)
def test_studies(workshop: Workshop, refused: Callable[..., None], case: str) -> None:
    code, text = STUDIES[case]
    workshop.study.write_bytes(text.encode(errors="surrogateescape"))
    refused(code)


@pytest.mark.parametrize("case", MACHINES)
def test_machines(workshop: Workshop, refused: Callable[..., None], case: str) -> None:
    code, text = MACHINES[case]
    machine = workshop.folder / "machine.toml"
    machine.write_text(text)
    refused(code, "--machine", str(machine))


@pytest.mark.parametrize("command", ["plan", "run", "submit", "status", "resume"])
def test_no_study(workshop: Workshop, refused: Callable[..., None], command: str) -> None:
    workshop.study = workshop.folder / "none.toml"
    refused(66, command=command)


def test_options_of_sbatch_are_options(workshop: Workshop) -> None:
    result = workshop.sweep("submit", "--", "/bin/sh")
    assert result.returncode == 2
    assert workshop.sweep("run", "--", "--partition=x").returncode == 2
