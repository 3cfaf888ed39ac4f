"""The programs of the checkout (or bundle), and what `tpscale run --dry-run` tells of a launch."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.failure import BAD_DATA, MISSING, SweepError, printable, shown
from sweep.launch import Launch

# as in launch/slurm/job.sh
HOME = Path(os.environ.get("TPSCALE_HOME") or Path(__file__).resolve().parents[3]).absolute()
PLACES = ("build/release/bin", "bin")


@dataclass(frozen=True)
class PlannedPoint:
    """Bytes are those of one rank."""

    point: str
    degree: int
    sequences: int
    input_tokens: int
    output_tokens: int
    weights: float
    kv_cache: float
    activations: float

    @property
    def bytes(self) -> float:
        return self.weights + self.kv_cache + self.activations


def find_program(name: str) -> Path:
    """TPSCALE_PROGRAM names another tpscale, for tests."""
    other = os.environ.get("TPSCALE_PROGRAM")
    places = [Path(other).parent] if other else [HOME / place for place in PLACES]
    for place in places:
        if os.access(place / name, os.X_OK):
            return place / name
    raise SweepError(
        MISSING, f"there is no {name} below '{shown(HOME)}'; build it: launch/quickstart"
    )


def planned_points(launch: Launch, environment: dict[str, str]) -> list[PlannedPoint]:
    """What the launch would measure. A launch that tpscale refuses is refused in its words, with its code."""
    command = [str(find_program("tpscale")), "run", *launch.arguments, "--dry-run", "--json"]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env=environment,
        errors="replace",
    )
    if result.returncode != 0:
        said = [line for line in result.stderr.splitlines() if line.startswith("tpscale: ")]
        sentence = said[-1].removeprefix("tpscale: ") if said else f"exit code {result.returncode}"
        code = result.returncode if result.returncode > 0 else 1
        raise SweepError(code, f"launch '{launch.name}': {printable(sentence)}")
    try:
        experiments = json.loads(result.stdout)["experiments"]
        return [_point(point) for experiment in experiments for point in experiment["points"]]
    except (ValueError, KeyError, TypeError):
        raise SweepError(
            BAD_DATA, "tpscale run --dry-run --json tells no points; build it anew"
        ) from None


def _point(point: dict[str, Any]) -> PlannedPoint:
    def figure(name: str) -> float:
        return float(point["results"][name]["value"])

    return PlannedPoint(
        point["id"],
        int(point["parameters"]["tp"]),
        *(int(figure(name)) for name in ("sequences", "input_tokens", "output_tokens")),
        *(figure(name) for name in ("weights", "kv_cache", "activations")),
    )
