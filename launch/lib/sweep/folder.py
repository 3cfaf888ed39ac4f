"""The folder of a study: what was planned as it began, and beside it a folder for each launch.

study.json         the launches as planned, and what the command line said; a study that changed since is another study
launches/INDEX     for a task of Slurm: name, ranks, attempts, arguments, a NUL behind each
environment        NAME=VALUE of the machine file, a NUL behind each
state/NAME         the launch's journal
log/INDEX.log      what the launch printed, all attempts
jobs               ids of the arrays that were submitted
NAME/              the launch's own results; report/ the report of all
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sweep.failure import BAD_DATA, CANNOT_WRITE, MISSING, USAGE, SweepError, shown
from sweep.journal import History, note, read_history
from sweep.launch import Launch
from sweep.machine import Machine
from sweep.study import Study


@dataclass(frozen=True)
class Asked:
    """What the command line said when the study was begun; status and resume take it where theirs does not."""

    machine: str = ""  # "": the one that the study names
    more: tuple[str, ...] = ()  # options of sbatch


class StudyFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def begun(self) -> bool:
        return (self.path / "study.json").exists()

    def begin(
        self,
        way: str,
        study: Study,
        machine: Machine,
        launches: list[Launch],
        points: list[int],
        asked: Asked,
    ) -> None:
        """`way`: run or submit. The plan is published last: a folder is begun as a whole or not at all."""
        if self.begun():
            raise SweepError(
                USAGE,
                f"'{shown(self.path)}' has a study already; go on with launch/sweep resume, or name another by -o",
            )
        plan = {
            "way": way,
            "study": study.name,
            "machine": asked.machine,
            "more": list(asked.more),
            "launches": [
                {**asdict(launch), "points": n} for launch, n in zip(launches, points, strict=True)
            ],
        }
        try:
            for name in ("launches", "state", "log"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            for index, launch in enumerate(launches):
                words = (launch.name, str(launch.ranks), str(study.retries + 1), *launch.arguments)
                _publish(self.path / "launches" / str(index), _terminated(words))
            pairs = [f"{name}={value}" for name, value in machine.environment.items()]
            if machine.slurm:
                pairs.append(f"TPSCALE_LAUNCHER={machine.slurm.launcher}")
            _publish(self.path / "environment", _terminated(pairs))
            _publish(self.path / "study.json", json.dumps(plan, indent=1).encode())
        except OSError as error:
            raise SweepError(
                CANNOT_WRITE, f"cannot write '{shown(self.path)}': {error.strerror}"
            ) from None

    def require_same(self, launches: list[Launch]) -> None:
        if [asdict(launch) for launch in launches] != [
            self._launch(entry) for entry in self._plan()["launches"]
        ]:
            raise SweepError(
                USAGE,
                f"the study or its machine changed since '{shown(self.path)}' was begun; name another folder by -o",
            )

    @staticmethod
    def _launch(entry: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in entry.items() if key != "points"}
        return {**rest, "arguments": tuple(rest.get("arguments", ()))}

    @property
    def way(self) -> str:
        return str(self._plan()["way"])

    def asked(self) -> Asked:
        plan = self._plan()
        return Asked(str(plan.get("machine", "")), tuple(map(str, plan.get("more", ()))))

    def planned(self) -> list[int]:
        """Points of each launch."""
        return [int(entry["points"]) for entry in self._plan()["launches"]]

    def _plan(self) -> dict[str, Any]:
        try:
            plan = json.loads((self.path / "study.json").read_text())
            keys = {"way", "launches"}
            if (
                isinstance(plan, dict)
                and keys <= plan.keys()
                and isinstance(plan.get("more", []), list)
            ):
                return plan
        except FileNotFoundError:
            raise SweepError(
                MISSING,
                f"'{shown(self.path)}' holds no study yet; launch/sweep run or submit begins it",
            ) from None
        except (OSError, ValueError):
            pass
        raise SweepError(
            BAD_DATA, f"'{shown(self.path)}/study.json' is damaged; name another folder by -o"
        )

    def state(self, launch: Launch) -> Path:
        return self.path / "state" / launch.name

    def history(self, launch: Launch) -> History:
        return read_history(self.state(launch))

    def note(self, launch: Launch, kind: str, detail: str) -> None:
        note(self.state(launch), kind, detail)

    def log(self, index: int) -> Path:
        return self.path / "log" / f"{index}.log"

    def measured(self, launch: Launch) -> int:
        """Points that are published."""
        return len(list((self.path / launch.name / "points").glob("*.h5")))

    def note_job(self, job: str) -> None:
        with (self.path / "jobs").open("a") as file:
            file.write(job + "\n")

    def jobs(self) -> list[str]:
        with contextlib.suppress(OSError):
            return (self.path / "jobs").read_text().split()
        return []

    @contextlib.contextmanager
    def alone(self) -> Iterator[int]:
        """Two sweeps at once in one folder would measure everything twice. Gives the lock's descriptor: a launch that
        inherits it keeps the folder locked, should this process die before it."""
        with (self.path / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SweepError(
                    USAGE,
                    f"another launch/sweep, or a launch of one that died, works in '{shown(self.path)}'",
                ) from None
            yield file.fileno()

    def busy(self) -> bool:
        try:
            with (self.path / "lock").open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False


def _terminated(words: tuple[str, ...] | list[str]) -> bytes:
    return "".join(f"{word}\0" for word in words).encode()


def _publish(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
