"""Launches started on this machine, one after the other, by mpirun."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from types import FrameType
from typing import Any

from sweep.command import launch_command, quoted, ranks_environment
from sweep.failure import CANNOT_WRITE, INTERRUPTED, MISSING, SweepError
from sweep.folder import StudyFolder
from sweep.launch import Launch
from sweep.machine import Machine
from sweep.study import Study

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class LocalRuns:
    """A signal ends the launch that runs, its finished points kept, and nothing is started after it."""

    def __init__(
        self,
        study: Study,
        machine: Machine,
        folder: StudyFolder,
        lock: int,
        say: Callable[[str], None],
    ) -> None:
        self._study, self._machine, self._folder, self._say = study, machine, folder, say
        self._lock = lock
        self._running: subprocess.Popen[bytes] | None = None
        self.interrupted = False

    def run(self, launches: list[Launch]) -> None:
        before: dict[int, Any] = {number: signal.signal(number, self._stop) for number in SIGNALS}
        try:
            for index, launch in enumerate(launches):
                self._run_until_it_ends(index, launch)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run_until_it_ends(self, index: int, launch: Launch) -> None:
        while not self.interrupted:
            history = self._folder.history(launch)
            if history.finished() or history.dead(self._study.retries):
                return
            code = self._attempt(index, launch)
            # told so by somebody else: what follows would be as well
            self.interrupted |= code == INTERRUPTED
            attempt = self._folder.history(launch).attempts
            of = f"attempt {attempt} of {self._study.retries + 1}"
            told = {
                0: "done",
                3: "a verdict failed (exit code 3)",
                INTERRUPTED: "interrupted, to be resumed",
            }
            self._say(
                f"{launch.name}: {told.get(code, f'exit code {code}, {of}; {self._folder.log(index)}')}"
            )

    def _attempt(self, index: int, launch: Launch) -> int:
        command = launch_command(launch, self._machine, self._study.minutes, self._folder.path)
        self._say(f"{launch.name}: {quoted(command)}")
        try:
            log = self._folder.log(index).open("ab")
        except OSError as error:
            raise SweepError(
                CANNOT_WRITE, f"cannot write '{self._folder.log(index)}': {error.strerror}"
            ) from None
        self._folder.note(launch, "started", f"on {socket.gethostname()}")
        with log:
            try:
                self._running = subprocess.Popen(
                    command,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    env=ranks_environment(self._machine),
                    pass_fds=[self._lock],
                )
            except OSError as error:
                self._folder.note(launch, "ended", str(MISSING))
                raise SweepError(MISSING, f"cannot start {command[0]}: {error.strerror}") from None
            if self.interrupted:  # the signal came before there was whom to tell
                self._running.send_signal(signal.SIGUSR1)
            code = self._running.wait()
        code = code if code >= 0 else 128 - code
        if self.interrupted and code not in (0, 3):
            code = INTERRUPTED  # mpirun replaces the ranks' own code after some signals
        self._folder.note(launch, "ended", str(code))
        return code

    def _stop(self, number: int, _: FrameType | None) -> None:
        self.interrupted = True
        running = self._running
        if running is not None and running.poll() is None:
            # timeout passes it to mpirun, mpirun to the ranks
            os.kill(running.pid, signal.SIGUSR1)
