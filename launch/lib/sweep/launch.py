"""One launch of `tpscale run`: a folder, an attempt at a time, done or dead as a whole."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from pathlib import Path

from sweep.failure import NOT_AVAILABLE, USAGE, SweepError, shown
from sweep.machine import Machine
from sweep.study import Part, Study

MAX_LAUNCHES = (
    1000  # Slurm's own limit of an array (MaxArraySize 1001) where a site has not raised it
)


@dataclass(frozen=True)
class Launch:
    name: str  # of its folder
    experiment: str
    model: str
    ranks: int
    nodes: int
    arguments: tuple[str, ...]  # of `tpscale run`, without -o and --resume


def expand(study: Study, machine: Machine) -> list[Launch]:
    """Every launch of the study, in the order of the file. 2: the same launch twice or too many; 69: too large."""
    if sum(_size(part) for part in study.parts) > MAX_LAUNCHES:
        raise SweepError(
            USAGE,
            f"study '{study.name}' has more than {MAX_LAUNCHES} launches; divide it into several files",
        )
    launches: list[Launch] = []
    for part in study.parts:
        axes = [[(key, value) for value in values] for key, values in part.axes.items()]
        every = itertools.product(
            part.experiments, part.models, _degrees(part), itertools.product(*axes)
        )
        for experiment, model, degrees, point in every:
            launches.append(_launch(machine, part, experiment, model, degrees, dict(point)))
    if len({launch.arguments for launch in launches}) < len(launches):
        raise SweepError(
            USAGE, f"study '{study.name}' has the same launch twice; its parts overlap"
        )
    return _named_apart(launches)


def _degrees(part: Part) -> list[tuple[int, ...]]:
    """Of each launch."""
    return [part.degrees] if part.together else [(degree,) for degree in part.degrees]


def _size(part: Part) -> int:
    axes = math.prod(len(values) for values in part.axes.values())
    return len(part.experiments) * len(part.models) * len(_degrees(part)) * axes


def _launch(
    machine: Machine,
    part: Part,
    experiment: str,
    model: str,
    degrees: tuple[int, ...],
    point: dict[str, str],
) -> Launch:
    ranks = max(degrees)
    nodes = machine.nodes_for(ranks)
    if nodes > machine.nodes:
        noun = "GPUs" if machine.gpus else "ranks"
        raise SweepError(
            NOT_AVAILABLE,
            f"degree {ranks} needs {ranks} {noun} and machine '{machine.name}' has "
            f"{machine.nodes * machine.ranks}; name a larger one with --machine",
        )
    options = {**part.options, **point}
    if machine.threads and "threads" not in options:
        options["threads"] = f"--threads={machine.threads}"
    if machine.gpus and "backend" not in options:
        options["backend"] = "--backend=cuda"
    text = ",".join(str(degree) for degree in degrees)
    name = "_".join(
        [
            experiment,
            Path(model).name,
            f"tp{text}",
            *(value.lstrip("-") for value in point.values()),
        ]
    )
    arguments = (experiment, f"--model={model}", f"--tp={text}", *options.values())
    if not re.fullmatch(r"[a-z][a-z0-9-]*", experiment):
        raise SweepError(
            USAGE,
            f"there is no experiment '{shown(experiment)}'; tpscale list tells which there are",
        )
    return Launch(_file_name(name), experiment, model, ranks, nodes, arguments)


def _file_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.,=_-]", "-", text)[:120]


def _named_apart(launches: list[Launch]) -> list[Launch]:
    """Two models of one name in two folders are two launches all the same."""
    taken: set[str] = set()
    named = []
    for launch in launches:
        name, count = launch.name, 1
        while name in taken:
            count += 1
            name = f"{launch.name}-{count}"
        taken.add(name)
        named.append(
            Launch(
                name, launch.experiment, launch.model, launch.ranks, launch.nodes, launch.arguments
            )
        )
    return named
