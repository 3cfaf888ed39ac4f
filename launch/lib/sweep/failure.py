"""How launch/sweep fails: one sentence and the exit code that all programs of the project share."""

from __future__ import annotations

DONE = 0
FAILED = 1
USAGE = 2
VERDICT_FAILED = 3
BAD_DATA = 65
MISSING = 66
NOT_AVAILABLE = 69
CANNOT_WRITE = 74
INTERRUPTED = 75


class SweepError(Exception):
    """What is wrong and what to do, in one sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def printable(text: str) -> str:
    """On one line, no escape reaches the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown(value: object) -> str:
    """A value of a file in a sentence: printable and not too long."""
    safe = printable(str(value))
    return safe if len(safe) <= 100 else safe[:97] + "..."
