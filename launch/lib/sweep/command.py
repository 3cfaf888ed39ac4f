"""The command lines: mpirun's for a launch here, sbatch's for arrays of launches. Lists of words, never a text."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from sweep.failure import NOT_AVAILABLE, SweepError
from sweep.launch import Launch
from sweep.machine import Machine
from sweep.program import HOME, find_program

GRACE = 100  # seconds for a repetition to end, before a launch that was told to leave is killed


def ranks_environment(machine: Machine) -> dict[str, str]:
    """The caller's, and of the machine file what the caller has not set."""
    return {**machine.environment, **os.environ}


def added_environment(machine: Machine) -> dict[str, str]:
    return {name: value for name, value in machine.environment.items() if name not in os.environ}


def hosts_missing(launch: Launch, machine: Machine) -> bool:
    """mpirun would put all ranks on this host. Within an allocation (salloc) Slurm names the hosts to it."""
    granted = os.environ.get("SLURM_JOB_NUM_NODES", "1")
    return launch.nodes > (int(granted) if granted.isdecimal() else 1) and not machine.hosts


def require_hosts(launches: list[Launch], machine: Machine) -> None:
    """69: a launch of several nodes that mpirun cannot reach by itself."""
    for launch in launches:
        if hosts_missing(launch, machine):
            raise SweepError(
                NOT_AVAILABLE,
                f"{launch.name} takes {launch.nodes} nodes and machine '{machine.name}' names no hosts; "
                "name them in its file (hosts), or use launch/sweep submit",
            )


def launch_command(launch: Launch, machine: Machine, minutes: int, folder: Path) -> list[str]:
    """USR1 makes ranks keep what is finished and leave; timeout sends it at the limit, passes it on when it is
    sent one, and kills what stays all the same."""
    command = ["timeout", "-s", "USR1", "-k", str(GRACE), str(minutes * 60)]
    # The program binds its own threads, by what all ranks of a host may use.
    command += ["mpirun", "-n", str(launch.ranks), "--bind-to", "none"]
    if machine.hosts:
        command += [
            "--host",
            ",".join(f"{host}:{machine.ranks}" for host in machine.hosts[: launch.nodes]),
        ]
    for name in machine.environment:
        if not name.startswith("OMPI_"):  # those mpirun passes on by itself
            command += ["-x", name]
    command += [str(find_program("tpscale")), "run", *launch.arguments]
    return [*command, "-o", str(folder / launch.name), "--resume"]


def array_command(
    study: str, machine: Machine, nodes: int, indices: list[int], folder: Path, more: list[str]
) -> list[str]:
    """One array: launches of as many nodes, as many at once as the study may take. Every task gets whole nodes, as a
    neighbour's work would show in the figures; a small degree uses a part of its node."""
    command = [
        *_sbatch(f"tpscale-{study}", machine, folder, "%a.log"),
        f"--array={_ranges(indices)}%{machine.nodes // nodes}",
    ]
    command += [f"--nodes={nodes}", f"--ntasks-per-node={machine.ranks}"]
    slurm = machine.slurm
    if slurm:
        command += [f"--gres={slurm.gres}"] if slurm.gres else []
        command += ["--exclusive"] if slurm.exclusive else []
        # Alone on a node is not yet all of its memory; the options of memory exclude each other.
        own = any(re.match(r"--mem(-per-[cg]pu)?=", word) for word in (*slurm.options, *more))
        command += ["--mem=0"] if slurm.exclusive and not own else []
        command += [f"--time={slurm.time}"]
    return [*command, *more, str(HOME / "launch/slurm/study.sbatch"), str(HOME), str(folder)]


def report_command(
    study: str, machine: Machine, jobs: list[str], folder: Path, more: list[str]
) -> list[str]:
    """The job that writes the merged report when the arrays have ended, however they did."""
    command = [
        *_sbatch(f"tpscale-{study}-report", machine, folder, "report.log"),
        "--nodes=1",
        "--ntasks=1",
    ]
    command += [*more, str(HOME / "launch/slurm/report.sbatch"), str(HOME), str(folder)]
    return awaiting(jobs, command)


def awaiting(jobs: list[str], command: list[str]) -> list[str]:
    """The same job, once those have ended. Behind what the user gave, as of two dependencies sbatch takes the last, and
    before the script with its two arguments."""
    return [*command[:-3], f"--dependency=afterany:{':'.join(jobs)}", *command[-3:]]


def _sbatch(name: str, machine: Machine, folder: Path, log: str) -> list[str]:
    output = str(folder / "log").replace("%", "%%") + "/" + log
    command = ["sbatch", "--parsable", f"--job-name={name}", f"--output={output}"]
    slurm = machine.slurm
    if slurm:
        command += [
            f"--{key}={value}"
            for key, value in (
                ("partition", slurm.partition),
                ("account", slurm.account),
                ("qos", slurm.qos),
            )
            if value
        ]
        command += slurm.options
    return command


def _ranges(indices: list[int]) -> str:
    """0-3,7"""
    runs: list[list[int]] = []
    for index in sorted(indices):
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def quoted(command: list[str]) -> str:
    """As one would type it."""
    return shlex.join(command)
