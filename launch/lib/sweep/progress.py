"""Where each launch of a study stands."""

from __future__ import annotations

from dataclasses import dataclass

from sweep.failure import DONE, FAILED, INTERRUPTED, VERDICT_FAILED
from sweep.folder import StudyFolder
from sweep.journal import History
from sweep.launch import Launch

DEAD, WRONG, MEASURED = "dead", "verdict failed", "done"


@dataclass(frozen=True)
class Standing:
    state: str
    why: str
    open: bool  # runs, or would be started by resume without being marked dead


def standing(
    folder: StudyFolder, launch: Launch, retries: int, queued: str, busy: bool
) -> Standing:
    """`queued`: Slurm's word for the launch's task, "" for none; `busy`: a sweep works in the folder now."""
    history = folder.history(launch)
    if not history.finished() and queued:
        return Standing("running" if queued == "RUNNING" else "queued", f"Slurm: {queued}", True)
    if history.code is not None:
        return _ended(history, history.code, retries)
    last = history.last
    if last is None or last.kind == "resumed":
        return Standing("waiting", "", True)
    if busy:
        return Standing("running", f"since {last.time:%H:%M:%S} UTC {last.detail}", True)
    return Standing("lost", f"started {last.detail}, never ended: resume", True)


def _ended(history: History, code: int, retries: int) -> Standing:
    if code == 0:
        return Standing(MEASURED, "", False)
    if code == 3:
        return Standing(WRONG, "exit code 3: its log and the report say which", False)
    if code == INTERRUPTED:
        return Standing("interrupted", "finished points are kept: resume", True)
    if history.dead(retries):
        return Standing(
            DEAD, f"exit code {code} after {_attempts(history.attempts)}: {reason(code)}", False
        )
    return Standing(
        "failed", f"exit code {code}, attempt {history.attempts} of {retries + 1}: resume", True
    )


def _attempts(count: int) -> str:
    return f"{count} attempt{'' if count == 1 else 's'}"


def reason(code: int | None) -> str:
    """What the exit codes that all programs of the project share mean."""
    known = {
        1: "a failure",
        2: "a usage error",
        65: "bad data",
        66: "an input is missing",
        69: "not available here",
        74: "input or output failed",
        124: "the time limit or a watchdog",
        137: "killed",
        205: "mpirun lost a host",
    }
    return known.get(code or 0, "its log says why")


def exit_code(standings: list[Standing]) -> int:
    """75 while something is still to do by itself; then a dead launch outweighs a failed verdict."""
    states = {one.state for one in standings}
    if any(one.open for one in standings):
        return INTERRUPTED
    if DEAD in states:
        return FAILED
    return VERDICT_FAILED if WRONG in states else DONE
