"""What happened to a launch: a line an event, appended here and by launch/slurm/study.sbatch, never rewritten.

    2026-01-31T12:00:00Z <tab> started|ended|resumed <tab> detail (where it started; the exit code)

One launch has one writer at a time, so there is nothing to lock, on a network's file system least of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sweep.failure import (
    BAD_DATA,
    CANNOT_WRITE,
    INTERRUPTED,
    MISSING,
    NOT_AVAILABLE,
    USAGE,
    SweepError,
    shown,
)

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# study.sbatch knows them too: the same again would end the same
HOPELESS = (USAGE, BAD_DATA, MISSING, NOT_AVAILABLE)


@dataclass(frozen=True)
class Event:
    time: datetime
    kind: str
    detail: str


@dataclass(frozen=True)
class History:
    events: tuple[Event, ...]

    @property
    def last(self) -> Event | None:
        return self.events[-1] if self.events else None

    @property
    def code(self) -> int | None:
        """Of the last attempt; None: none has ended since the last start or resume."""
        last = self.last
        return int(last.detail) if last and last.kind == "ended" else None

    @property
    def attempts(self) -> int:
        """Since the user last resumed; those that were interrupted do not count."""
        count = 0
        for event in self.events:
            if event.kind == "resumed":
                count = 0
            elif event.kind == "started":
                count += 1
            elif int(event.detail) == INTERRUPTED:
                count = max(0, count - 1)
        return count

    @property
    def starts(self) -> int:
        return sum(event.kind == "started" for event in self.events)

    def finished(self) -> bool:
        return self.code in (0, 3)

    def dead(self, retries: int) -> bool:
        """Ended badly, and it is not to be tried again by itself."""
        code = self.code
        if code is None or self.finished() or code == INTERRUPTED:
            return False
        return code in HOPELESS or self.attempts > retries

    def seconds(self) -> float:
        """Of all attempts that ended."""
        total, started = 0.0, None
        for event in self.events:
            if event.kind == "started":
                started = event.time
            elif event.kind == "ended" and started:
                total += (event.time - started).total_seconds()
                started = None
        return total


def read_history(path: Path) -> History:
    """A line that a lost node left torn is no event."""
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return History(())
    except OSError as error:
        raise SweepError(
            CANNOT_WRITE, f"'{shown(path)}' cannot be read: {error.strerror}"
        ) from None
    return History(tuple(event for event in map(_event, text.splitlines()) if event))


def _event(line: str) -> Event | None:
    words = line.split("\t")
    if len(words) != 3 or words[1] not in ("started", "ended", "resumed"):
        return None
    if words[1] == "ended" and not (words[2].isascii() and words[2].isdigit()):
        return None
    try:
        return Event(datetime.strptime(words[0], FORMAT).replace(tzinfo=UTC), words[1], words[2])
    except ValueError:
        return None


def note(path: Path, kind: str, detail: str) -> None:
    line = f"{datetime.now(UTC).strftime(FORMAT)}\t{kind}\t{detail}\n"
    try:
        with path.open("a") as file:
            file.write(line)
    except OSError as error:
        raise SweepError(CANNOT_WRITE, f"cannot write '{shown(path)}': {error.strerror}") from None
