"""What Slurm's queue holds of a study: the state of each array task that has not ended."""

from __future__ import annotations

import shutil
import subprocess

from sweep.failure import NOT_AVAILABLE, SweepError, shown
from sweep.folder import StudyFolder


def queued_tasks(folder: StudyFolder) -> dict[int, str]:
    """Index of the launch -> PENDING, RUNNING, COMPLETING, REQUEUED, ... Empty where nothing was submitted.

    69 where jobs were and the queue cannot be asked: what is not known to be gone must not be started again."""
    jobs = set(folder.jobs())
    if not jobs:
        return {}
    if shutil.which("squeue") is None:
        raise SweepError(
            NOT_AVAILABLE,
            "this study was submitted to Slurm and there is no squeue here; ask where it is",
        )
    result = subprocess.run(
        # every user's: who asks is not always who submitted
        ["squeue", "-h", "-r", "-o", "%F|%K|%T"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if result.returncode != 0:
        raise SweepError(
            NOT_AVAILABLE, f"Slurm's queue does not answer: {shown(result.stderr.strip())}"
        )
    tasks = {}
    for line in result.stdout.splitlines():
        job, index, state = [*line.split("|"), "", ""][:3]
        if job in jobs and index.isdigit():
            tasks[int(index)] = state
    return tasks
