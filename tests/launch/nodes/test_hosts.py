"""mpirun over network hosts: what is said of a link is true; a host that is lost ends the run, a cut does not."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from points import SMALL, degrees, lasting, points, stamps
from worlds import SUPPORT, command, plain_environment, wait_for, world

WATCHDOG = 3  # seconds
BOUND = WATCHDOG + 10  # what is promised
LONG = [*SMALL, *lasting(5), "--watchdog", str(WATCHDOG)]


class Run:
    """`tpscale run strong-scaling` by mpirun on h0, a rank on each host."""

    def __init__(self, hosts: Path, program: Path, results: Path, *options: str) -> None:
        self.log_path = results.with_suffix(".log")
        self.results = results
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(
                [
                    SUPPORT / "hosts",
                    hosts,
                    "mpirun",
                    program,
                    "run",
                    "strong-scaling",
                    "-o",
                    results,
                    *options,
                ],
                stdout=log,
                stderr=log,
                env=plain_environment(),
            )

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def code(self, seconds: float) -> int:
        return self.process.wait(seconds)

    def wait_for_points(self, number: int) -> dict[str, int]:
        def found() -> dict[str, int]:
            assert self.process.poll() is None, self.log()
            return stamps(self.results) if len(stamps(self.results)) >= number else {}

        return wait_for(f"{number} points", found, log=self.log)


@pytest.fixture(scope="session")
def program(build: Path) -> Path:
    return build / "bin" / "tpscale"


@pytest.fixture
def two_hosts() -> Iterator[Path]:
    with world("hosts", "2") as folder:
        yield folder


def programs(program: Path) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().split(b"\0")[0] == str(program).encode():
                found.append(process)
        except OSError:  # it has just ended
            continue
    return found


@pytest.mark.parametrize("number", [2, pytest.param(4, marks=pytest.mark.whole)])
def test_comm_fraction_rises_as_the_link_gets_slower(
    number: int, program: Path, tmp_path: Path
) -> None:
    """Each link is ten times slower than the one before; the computing stays what it is."""
    fractions = []
    with world("hosts", str(number)) as hosts:
        for name, megabits, microseconds in [
            ("fast", 0, 0),
            ("slow", 1000, 500),
            ("slowest", 100, 5000),
        ]:
            command("hosts", hosts, "link", megabits, microseconds)
            run = Run(
                hosts,
                program,
                tmp_path / name,
                "--tp",
                str(number),
                *SMALL,
            )
            assert run.code(180) == 0, run.log()
            (point,) = points(run.results)
            assert all(f"h{i}" in point.hosts for i in range(number))
            fractions.append(point.figure("decode_comm_fraction"))
    assert fractions[0] < fractions[1] < fractions[2], fractions


@pytest.mark.parametrize("how", ["kill", "lose"])
def test_a_host_that_is_gone_ends_the_run(
    how: str, two_hosts: Path, program: Path, tmp_path: Path
) -> None:
    run = Run(two_hosts, program, tmp_path / "out", *LONG)
    kept = run.wait_for_points(1)
    command("hosts", two_hosts, how, "h1")
    began = time.monotonic()
    assert run.code(120) != 0, run.log()
    assert time.monotonic() - began < BOUND, run.log()
    wait_for("end of all ranks", lambda: not programs(program), BOUND, run.log)
    assert kept.items() <= stamps(run.results).items()
    assert degrees(run.results), "nothing that can be read"


@pytest.mark.whole
def test_the_host_of_mpirun_is_gone(two_hosts: Path, program: Path, tmp_path: Path) -> None:
    run = Run(two_hosts, program, tmp_path / "out", *LONG)
    kept = run.wait_for_points(1)
    command("hosts", two_hosts, "lose", "h0")
    assert run.code(60) != 0
    wait_for("end of all ranks", lambda: not programs(program), BOUND + 5, run.log)
    assert kept.items() <= stamps(run.results).items()


def test_a_link_that_is_cut_for_two_seconds_is_survived(
    two_hosts: Path, program: Path, tmp_path: Path
) -> None:
    run = Run(two_hosts, program, tmp_path / "out", *SMALL, *lasting(5))
    run.wait_for_points(1)
    command("hosts", two_hosts, "down", "h1")
    time.sleep(2)
    command("hosts", two_hosts, "up", "h1")
    assert run.code(180) == 0, run.log()
    assert degrees(run.results) == [1, 1, 2]
