"""Launches handed to Slurm: an array for each number of nodes, and a last job that writes the report."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable

from sweep.command import array_command, awaiting, quoted, report_command
from sweep.failure import FAILED, NOT_AVAILABLE, SweepError, shown
from sweep.folder import StudyFolder
from sweep.launch import Launch
from sweep.machine import Machine

Say = Callable[[str], None]


def array_commands(
    study: str,
    machine: Machine,
    folder: StudyFolder,
    launches: list[Launch],
    indices: list[int],
    more: list[str],
) -> list[list[str]]:
    by_nodes: dict[int, list[int]] = {}
    for index in indices:
        by_nodes.setdefault(launches[index].nodes, []).append(index)
    return [
        array_command(study, machine, nodes, of_it, folder.path, more)
        for nodes, of_it in sorted(by_nodes.items())
    ]


def submit(
    study: str,
    machine: Machine,
    folder: StudyFolder,
    launches: list[Launch],
    indices: list[int],
    more: list[str],
    say: Say,
) -> None:
    jobs: list[str] = []
    for command in array_commands(study, machine, folder, launches, indices, more):
        # One array after the other: what a study may take at once is meant of all of them.
        job = _sbatch(awaiting(jobs[-1:], command) if jobs else command, say)
        folder.note_job(job)
        jobs.append(job)
    try:
        _sbatch(report_command(study, machine, jobs, folder.path, more), say)
    except SweepError as error:
        say(
            f"no job for the report ({error}); when the launches have ended: tpscale-report {folder.path}"
        )


def _sbatch(command: list[str], say: Say) -> str:
    say(quoted(command))
    # A job of a job would inherit that one's sizes (SLURM_NTASKS and the like) before it has its own.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SLURM_") or name == "SLURM_CONF"
    }
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, timeout=120
        )
    except FileNotFoundError:
        raise SweepError(
            NOT_AVAILABLE,
            "there is no sbatch here; submit where Slurm is, or measure here with launch/sweep run",
        ) from None
    if result.returncode != 0:
        raise SweepError(FAILED, f"sbatch refused: {shown(result.stderr.strip())}")
    job = result.stdout.strip().split(";")[0]
    if not re.fullmatch(r"\d+", job):
        raise SweepError(FAILED, f"sbatch answered '{shown(job)}' instead of a job's number")
    say(f"job {job}")
    return job
