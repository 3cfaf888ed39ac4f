"""What a study would do, printed: launches, their points, memory, time, and the exact commands."""

from __future__ import annotations

from collections.abc import Iterator

from sweep.command import added_environment, hosts_missing, launch_command, quoted
from sweep.estimate import Estimate, Estimator
from sweep.folder import StudyFolder
from sweep.launch import Launch
from sweep.machine import Machine
from sweep.program import PlannedPoint
from sweep.slurm import array_commands
from sweep.study import Study
from sweep.text import bytes_text, counted, seconds_text


def plan_lines(
    study: Study,
    machine: Machine,
    folder: StudyFolder,
    launches: list[Launch],
    points: list[list[PlannedPoint]],
) -> Iterator[str]:
    estimator = Estimator(machine, folder, launches, [len(of_it) for of_it in points])
    environment = [f"{name}={value}" for name, value in added_environment(machine).items()]
    if environment:
        yield "set where it is not set: " + quoted(["export", *environment])
    times = []
    for launch, of_it in zip(launches, points, strict=True):
        time = estimator.of(launch, of_it)
        times.append(time)
        yield (
            f"{launch.name}: {counted(launch.ranks, 'rank')} on {counted(launch.nodes, 'node')}, "
            f"{counted(len(of_it), 'point')}, {_time(time)}"
        )
        for point in of_it:
            yield "  " + _point(point, launch, machine)
        if hosts_missing(launch, machine):
            yield "  by launch/sweep submit; here once the machine file names its hosts"
        else:
            yield "  " + quoted(launch_command(launch, machine, study.minutes, folder.path))
    yield ""
    if machine.slurm:
        for command in array_commands(
            study.name, machine, folder, launches, list(range(len(launches))), []
        ):
            yield "submit: " + quoted(command)
    total = sum(len(of_it) for of_it in points)
    yield f"{counted(len(launches), 'launch')}, {counted(total, 'point')}, {_total(times)}; nothing was run"


def _point(point: PlannedPoint, launch: Launch, machine: Machine) -> str:
    held = (
        f"{bytes_text(point.weights)} weights + {bytes_text(point.kv_cache)} KV cache + "
        f"{bytes_text(point.activations)} activations = {bytes_text(point.bytes)}"
    )
    text = (
        f"{point.point}  tp {point.degree}: {counted(point.sequences, 'sequence')}, "
        f"{point.input_tokens} + {point.output_tokens} tokens; a rank holds {held}"
    )
    if machine.gpus and machine.gpu_bytes and point.bytes > machine.gpu_bytes:
        text += f"; DOES NOT FIT a GPU of {bytes_text(machine.gpu_bytes)}: it will be stored as out of memory"
    sharing = min(launch.ranks, machine.ranks)
    if not machine.gpus and machine.node_bytes and point.bytes * sharing > machine.node_bytes:
        text += f"; DOES NOT FIT a node of {bytes_text(machine.node_bytes)}: it will be stored as out of memory"
    return text


def _time(estimate: Estimate) -> str:
    if estimate.seconds is None:
        return f"time {estimate.basis}"
    if estimate.basis == "took":
        return f"took {seconds_text(estimate.seconds)}"
    return f"about {seconds_text(estimate.seconds)} ({estimate.basis})"


def _total(times: list[Estimate]) -> str:
    known = [time.seconds for time in times if time.seconds is not None]
    unknown = len(times) - len(known)
    if not known:
        return "time unknown"
    text = f"about {seconds_text(sum(known))} one after the other"
    return text + (f" and {counted(unknown, 'launch')} of unknown time" if unknown else "")
