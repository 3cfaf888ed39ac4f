"""A machine file: what a node has, what the ranks' environment must be, and how Slurm is asked for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from sweep.failure import shown
from sweep.table import NAME, Table, read_toml

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TIME = re.compile(r"(\d+-)?\d{1,3}(:\d{2}){0,2}")
MACHINES = Path(__file__).resolve().parents[2] / "machines"


@dataclass(frozen=True)
class Slurm:
    """Options of sbatch; empty: what the site or SBATCH_* of the caller says."""

    time: str
    partition: str
    account: str
    qos: str
    gres: str
    exclusive: bool
    launcher: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Machine:
    name: str
    nodes: int
    gpus: int  # a node; 0: the CPU measures
    ranks: int  # a node
    threads: int  # a rank; 0: the program's own choice
    gpu_bytes: float  # 0: not known
    node_bytes: float
    gemm_flops: float  # of a rank, per second, for the rough model of the time; 0: there is none
    read_bytes: float
    hosts: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    slurm: Slurm | None = None

    def nodes_for(self, ranks: int) -> int:
        return -(-ranks // self.ranks)


def find_machine(name: str, study: Path) -> Path:
    """A name is a file of launch/machines; a path is one as seen from the study file."""
    return (
        study.resolve().parent / name
        if "/" in name or name.endswith(".toml")
        else MACHINES / f"{name}.toml"
    )


def read_machine(path: Path) -> Machine:
    table = read_toml(path, "machine file")
    gpus = table.whole("gpus-per-node", 0, 64)
    ranks = gpus if gpus else table.whole("ranks-per-node", 1, 1024)
    hosts = table.texts("hosts")
    machine = Machine(
        name=path.stem,
        nodes=table.whole("nodes", 1, 10_000, 1),
        gpus=gpus,
        ranks=ranks,
        threads=table.whole("threads-per-rank", 0, 1024, 0),
        gpu_bytes=table.number("memory-per-gpu-gib") * 2**30,
        node_bytes=table.number("memory-per-node-gib") * 2**30,
        gemm_flops=table.number("gemm-tflops") * 1e12,
        read_bytes=table.number("read-gb-per-second") * 1e9,
        hosts=hosts,
        environment=_environment(table.table("environment")),
        slurm=_slurm(table.table("slurm"), gpus) if "slurm" in table else None,
    )
    if any(not NAME.fullmatch(host) for host in hosts):
        raise table.wrong(f"'hosts' takes names of hosts, not {shown(list(hosts))}")
    if hosts and len(hosts) < machine.nodes:
        raise table.wrong(f"'hosts' names {len(hosts)} hosts for {machine.nodes} nodes")
    table.done()
    return machine


def _environment(table: Table) -> dict[str, str]:
    found = {}
    for name in table:
        if not VARIABLE.fullmatch(name):
            raise table.wrong(f"'{shown(name)}' is no name of a variable")
        found[name] = table.text(name)
    return found


def _slurm(table: Table, gpus: int) -> Slurm:
    slurm = Slurm(
        time=table.text("time"),
        partition=table.name("partition", ""),
        account=table.name("account", ""),
        qos=table.name("qos", ""),
        gres=table.text("gres", f"gpu:{gpus}" if gpus else ""),
        exclusive=table.flag("exclusive", True),
        launcher=table.name("launcher", "mpirun"),
        options=table.texts("options"),
    )
    if not TIME.fullmatch(slurm.time):
        raise table.wrong(
            f"'time' is minutes, hours:minutes:seconds or days-hours, not '{shown(slurm.time)}'"
        )
    if slurm.launcher not in ("mpirun", "srun"):
        raise table.wrong(f"'launcher' is mpirun or srun, not '{shown(slurm.launcher)}'")
    for option in slurm.options:
        if not option.startswith("--"):
            raise table.wrong(
                f"'options' takes options of sbatch as --name=value, not '{shown(option)}'"
            )
    table.done()
    return slurm
