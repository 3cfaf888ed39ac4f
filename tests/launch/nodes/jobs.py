"""Jobs of the batch scripts on the local Slurm."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from points import MEASURED
from worlds import command, plain_environment, wait_for

PROJECT = Path(__file__).parents[3]
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY")


@dataclass
class Job:
    cluster: Cluster
    id: str

    def facts(self) -> dict[str, str]:
        lines = self.cluster.slurm("scontrol", "-o", "show", "job", self.id).strip().splitlines()
        return dict(word.partition("=")[::2] for word in lines[0].split())

    @property
    def state(self) -> str:
        return self.facts()["JobState"]

    @property
    def restarts(self) -> int:
        return int(self.facts()["Restarts"])

    @property
    def nodes(self) -> list[str]:
        return self.cluster.slurm("scontrol", "show", "hostnames", self.facts()["NodeList"]).split()

    @property
    def output(self) -> str:
        return "".join(path.read_text() for path in self.cluster.folder.glob(f"*_{self.id}.out"))

    def log(self) -> str:
        return f"{self.facts()}\n{self.output}"

    def wait_until(self, *states: str) -> str:
        def reached() -> str:
            state = self.state
            assert state in states or state not in ENDED, f"job {self.id} is {state}\n{self.log()}"
            return state if state in states else ""

        return wait_for(f"state {'/'.join(states)} of job {self.id}", reached, 240, self.log)

    def wait_for_restart(self) -> None:
        def restarted() -> bool:
            assert self.state not in ENDED or self.restarts, f"job {self.id} ended\n{self.log()}"
            return self.restarts > 0

        wait_for(f"restart of job {self.id}", restarted, 240, self.log)

    def wait_until_measured(self) -> None:
        self.wait_until(*ENDED)
        code, _, signal = self.facts()["ExitCode"].partition(":")
        assert int(code) in MEASURED and signal == "0", self.log()


@dataclass
class Cluster:
    world: Path
    folder: Path  # where sbatch is called in
    environment: dict[str, str]

    @staticmethod
    def of(world: Path, folder: Path, build: Path) -> Cluster:
        """A folder to submit from, with a home laid out as a bundle: the checkout's scripts, the build's program."""
        home = folder / "home"
        (home / "bin").mkdir(parents=True)
        for program in ("tpscale", "tpscale-report"):
            (home / "bin" / program).symlink_to(build / "bin" / program)
        (home / "launch").symlink_to(PROJECT / "launch")
        environment = plain_environment() | {"TPSCALE_HOME": str(home)}
        for line in command("slurm_cluster", world, "env").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            environment[name] = value
        return Cluster(world, folder, environment)

    def slurm(self, *words: str, **more: str) -> str:
        return subprocess.run(
            words,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
            check=True,
            cwd=self.folder,
            env=self.environment | more,
        ).stdout

    def submit(
        self, sbatch: list[str], run: list[str], more: Mapping[str, str] | None = None
    ) -> Job:
        """strong-scaling.sbatch with options of sbatch and of tpscale run; results lie in `results`."""
        script = PROJECT / "launch" / "slurm" / "strong-scaling.sbatch"
        words = ["sbatch", "--parsable", "--gres=none", "--time=30", *sbatch, str(script), *run]
        variables = {"TPSCALE_OUTPUT": str(self.results)} | dict(more or {})
        return Job(self, self.slurm(*words, **variables).strip())

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def kill_node(self, node: str) -> None:
        command("slurm_cluster", self.world, "kill-node", node)

    def programs(self) -> list[str]:
        """The tpscale processes on the nodes, whoever started them."""
        program = str(Path(self.environment["TPSCALE_HOME"]) / "bin" / "tpscale")
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:  # it has just ended
                continue
            if words[0] == os.fsencode(program):
                found.append(process.name)
        return found
