"""The table of promises: what the tests reached, beside what was asked.

    figures.py FILE      FILE: the lines of JSON that the tests appended (tests/support/figures.h, figures.py)

A promise that no test told is "not run", one whose test failed is FAILED. Exit code 1 where one failed.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Promise:
    name: str
    part: str  # with which the parts that tests tell begin
    bound: str  # of the whole (launch/test --all)


PROMISES = [
    Promise("crash safety", "killed before each call", "10 points: 0 lost, h5dump opens all"),
    Promise("crash safety", "killed in each call (torn)", "10 points: 0 lost, h5dump opens all"),
    Promise("kills and resume", "store", "1000 kills: 0 lost, doubled or repeated"),
    Promise("kills and resume", "program", "0 lost, doubled or repeated"),
    Promise("disk full, I/O errors", "store", "each call: exit 74 or 75, no signal"),
    Promise("disk full, I/O errors", "program", "each call: exit 74 or 75, no signal"),
    Promise("concurrency", "16 tasks, locking on", "0 lost"),
    Promise("concurrency", "16 tasks, locking off", "0 lost"),
    Promise("dead or hung rank", "", "8 faults x 2/4/8 ranks: no point lost, none left behind"),
    Promise("hostile checkpoints", "header", "1000000 inputs, 0 findings"),
    Promise("hostile checkpoints", "config", "1000000 inputs, 0 findings"),
    Promise("hostile checkpoints", "index", "1000000 inputs, 0 findings"),
    Promise("hostile checkpoints", "cut off at every header byte", "65 on all ranks"),
    Promise("hostile text files", "tokenizer", "1000000 inputs, 0 findings"),
    Promise("hostile text files", "toml", "1000000 inputs, 0 findings"),
    Promise("hostile text files", "trace", "1000000 inputs, 0 findings"),
    Promise("hostile text files", "tokens", "1000000 inputs, 0 findings"),
    Promise("damaged results", "C++ reader", "2000 mutants: 0 crashes, 0 silently wrong"),
    Promise("damaged results", "Python reader", "2000 mutants: 0 crashes, 0 silently wrong"),
    Promise("hostile names", "program", "text in every file, nothing run"),
    Promise("hostile names", "report", "text on every page, nothing run"),
    Promise("secret in the environment", "program", "found nowhere"),
    Promise("Slurm", "", "each point once, no process left, whatever is lost"),
    Promise("several hosts", "", "ended within the watchdog + 10 s, finished points kept"),
    Promise("honest comparison", "A/A", "at most 5 of 100 false alarms"),
    Promise("honest comparison", "+5 %", "at least 95 of 100 found"),
]


def told(path: str) -> list[dict]:
    try:
        with Path(path).open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except FileNotFoundError:
        return []


def rows(lines: list[dict]) -> Iterator[tuple[str, str, str, str, str]]:
    """Promises in their order, then what tests told besides."""
    left = list(lines)
    for promise in PROMISES:
        mine = [
            line
            for line in left
            if line["promise"] == promise.name and line["part"].startswith(promise.part)
        ]
        left = [line for line in left if line not in mine]
        for line in sorted(mine, key=lambda line: line["part"]):
            yield row(line, promise.bound)
        if not mine:
            yield promise.name, promise.part, "not run", promise.bound, ""
    for line in left:
        yield row(line, line.get("bound", ""))


def row(line: dict, bound: str) -> tuple[str, str, str, str, str]:
    figure = line["figure"] if line["passed"] else f"FAILED: {line['figure']}"
    return line["promise"], line["part"], figure, bound, f"{line['seconds']:.0f}"


def main(path: str) -> int:
    lines = told(path)
    table = [("promise", "part", "reached", "asked of the whole", "s"), *rows(lines)]
    widths = [max(len(cells[i]) for cells in table) for i in range(5)]
    for cells in table:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        )
    return 0 if all(line["passed"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
