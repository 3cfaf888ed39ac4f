"""What figures.h does, for tests in Python: a share or the whole of a group, and the promises that a test keeps."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

WHOLE = bool(os.environ.get("TPSCALE_TEST_ALL"))


def share_or_whole(share: int, whole: int) -> int:
    return whole if WHOLE else share


class Figure:
    """A promise, for the table at the end of `launch/test`; `reached` once, at the end of a test that passed."""

    def __init__(self, promise: str, part: str) -> None:
        self.promise, self.part, self.begin = promise, part, time.monotonic()

    def reached(self, figure: str) -> None:
        line = {
            "promise": self.promise,
            "part": self.part,
            "figure": figure,
            "seconds": time.monotonic() - self.begin,
            "whole": WHOLE,
            "passed": True,
        }
        if file := os.environ.get("TPSCALE_FIGURES"):
            with Path(file).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(line) + "\n")
