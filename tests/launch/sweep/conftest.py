"""launch/sweep from outside, with stand-ins for tpscale, mpirun and Slurm's programs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
sys.path.insert(0, str(PROJECT / "launch" / "lib"))

STUDY = """
machine = "laptop"
experiments = ["latency"]
models = ["tiny"]
degrees = [1, 2]
retries = 2
"""


class Workshop:
    """A folder with a study, the stand-ins on the path, and what they wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / "out"
        self.study = folder / "study.toml"
        self.study.write_text(STUDY)
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OMPI_", "SLURM_", "TPSCALE_"))
        }
        self.environment = {
            **clean,
            "PATH": f"{HERE / 'stand_ins'}:{os.environ['PATH']}",
            "TPSCALE_PROGRAM": str(HERE / "stand_ins" / "tpscale"),
            "FAKE_SLURM": str(folder),
        }

    def command(self, command: str, *options: str) -> list[str]:
        before, after = options, []
        if "--" in options:
            before, after = options[: options.index("--")], options[options.index("--") :]
        return [
            str(PROJECT / "launch" / "sweep"),
            command,
            str(self.study),
            "-o",
            str(self.results),
            *before,
            *after,
        ]

    def sweep(
        self, command: str, *options: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(command, *options),
            env={**self.environment, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def home(self) -> Path:
        """A checkout with the stand-ins as its programs."""
        home = self.folder / "home"
        if not home.exists():
            (home / "build" / "release").mkdir(parents=True)
            (home / "launch").symlink_to(PROJECT / "launch")
            (home / "build" / "release" / "bin").symlink_to(HERE / "stand_ins")
        return home

    def task_command(self) -> list[str]:
        """What Slurm starts for a task of the array."""
        script = PROJECT / "launch/slurm/study.sbatch"
        return ["bash", str(script), str(self.home()), str(self.results)]

    def task_environment(self, index: int) -> dict[str, str]:
        slurm = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": str(index)}
        slurm |= {
            "SLURM_NTASKS": "8",
            "SLURM_JOB_NAME": "study",
            "SLURM_SUBMIT_DIR": str(self.folder),
        }
        return {**self.environment, **slurm}

    def task(self, index: int, **environment: str) -> subprocess.CompletedProcess[str]:
        return self._bash(self.task_command(), index, environment)

    def job(
        self, script: str, *options: str, index: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """What Slurm starts for a batch script, as task `index` of an array unless SLURM_ARRAY_TASK_ID="" is given."""
        words = ["bash", str(PROJECT / "launch/slurm" / script), *options]
        own = {"TPSCALE_HOME": str(self.home()), "TPSCALE_OUTPUT": str(self.results)}
        return self._bash(words, index, {**own, **environment})

    def _bash(
        self, words: list[str], index: int, environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            env={**self.task_environment(index), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def launch(self, degree: int) -> Path:
        return self.results / f"latency_tiny_tp{degree}"

    def starts(self, degree: int) -> int:
        count = self.launch(degree) / "starts"
        return int(count.read_text()) if count.exists() else 0

    def arguments(self, degree: int, start: int = 0) -> list[str]:
        found: list[str] = json.loads((self.launch(degree) / f"arguments.{start}").read_text())
        return found

    def ranks_environment(self, degree: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.launch(degree) / "environment").read_text())
        return found

    def given_to(self, program: str) -> list[str]:
        return (self.folder / program).read_text().split("\0")[:-1]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    assert shutil.which("timeout")
    return Workshop(tmp_path)
