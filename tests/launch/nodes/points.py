"""What a launch has published: its point files, read without the program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py

# the least that is still a scaling run of the program
SMALL = ["--model", "tiny", "--num-sequences", "1", "--input-tokens", "16", "--output-tokens", "3"]
SMALL += ["--repetitions", "2", "--instrumented-repetitions", "3", "--probe-seconds", "0.02"]

# 3: on a busy machine a clock's verdict may fail
MEASURED = (0, 3)


def lasting(seconds: float) -> list[str]:
    """Options with which each point is repeated for so long, on any machine."""
    return ["--precision", "0.000001", "--max-seconds", str(seconds)]


@dataclass(frozen=True)
class Point:
    path: Path
    stamp: int
    tp: int
    again: bool  # the base, measured once more at the end
    complete: bool
    hosts: str
    rank_cores: str
    threads: int
    command_line: str
    environment: str

    def figure(self, name: str) -> float:
        """Its median."""
        with h5py.File(self.path) as file:
            return float(file[f"results/{name}"][0])


def read(path: Path) -> Point:
    with h5py.File(path) as file:
        parameters, provenance = file["parameters"].attrs, file["provenance"].attrs
        return Point(
            path,
            path.stat().st_mtime_ns,
            int(parameters["tp"]),
            bool(parameters["base_repeat"]),
            bool(file.attrs["complete"]),
            text(provenance["hosts"]),
            text(provenance["rank_cores"]),
            int(parameters["threads"]),
            text(provenance["command_line"]),
            text(provenance["environment"]),
        )


def text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def points(folder: Path) -> list[Point]:
    """By name; each is opened and read, so that a damaged one fails the test."""
    return [read(path) for path in sorted(folder.glob("points/*.h5"))]


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("points/*.h5")}


def degrees(folder: Path) -> list[int]:
    found = points(folder)
    assert all(point.complete for point in found)
    return sorted(point.tp for point in found)
