"""mpirun over network hosts: what is said of a link is true; a host that is lost ends the run, a cut does not."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from jobs import PROJECT
from points import MEASURED, SMALL, degrees, lasting, points, stamps
from worlds import SUPPORT, command, plain_environment, wait_for, world

LONG = [*SMALL, *lasting(5)]
# a prefill of many tokens: computing that takes its time, messages that fill a cable
PROMPTS = [
    "--model",
    "tiny",
    "--num-sequences",
    "4",
    "--input-tokens",
    "256",
    "--output-tokens",
    "2",
]
PROMPTS += ["--repetitions", "2", "--instrumented-repetitions", "5", "--probe-seconds", "0.02"]
# pytest's record_property: what is told as "figure" goes into launch/test's table
Told = Callable[[str, object], None]
PROMISED = 10  # seconds that mpirun may take after the watchdog's


class Run:
    """`tpscale run strong-scaling` by mpirun on h0, a rank on each host."""

    def __init__(
        self,
        hosts: Path,
        program: Path,
        results: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
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
                env=plain_environment() | dict(environment or {}),
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


def comm_fraction(
    hosts: Path, number: int, program: Path, results: Path, megabits: int, microseconds: int
) -> float:
    command("hosts", hosts, "link", megabits, microseconds)
    run = Run(hosts, program, results, "--tp", str(number), *PROMPTS)
    assert run.code(180) in MEASURED, run.log()
    (point,) = points(run.results)
    assert all(f"h{i}" in point.hosts for i in range(number))
    return point.figure("prefill_comm_fraction")


@pytest.mark.parametrize("number", [2, pytest.param(4, marks=pytest.mark.whole)])
def test_comm_fraction_rises_as_the_link_gets_slower(
    number: int, program: Path, tmp_path: Path, record_property: Told
) -> None:
    """Each link is more than ten times slower than the one before; the computing stays what it is.

    What else runs here lets ranks wait for each other and only adds to the fraction: of up to three launches the
    least one counts."""
    links = [(0, 0), (1500, 100), (60, 3000)]
    least = [1.0, 1.0, 1.0]
    with world("hosts", str(number)) as hosts:
        for attempt in range(3):
            for i, link in enumerate(links):
                results = tmp_path / f"{attempt}.{i}"
                least[i] = min(least[i], comm_fraction(hosts, number, program, results, *link))
            if least[0] < least[1] < least[2]:
                break
    assert least[0] < least[1] < least[2], least
    record_property("figure", " < ".join(f"{fraction:.3f}" for fraction in least))


def keepalive(*values: int) -> dict[str, str]:
    names = ("time", "intvl", "probes")
    return {
        f"OMPI_MCA_oob_tcp_keepalive_{name}": str(value)
        for name, value in zip(names, values, strict=False)
    }


def lost_hosts(given: dict[str, str]) -> dict[str, str]:
    """The variables of launch/lib/lost_hosts.sh, which leaves those that are given as they are."""
    words = ["sh", "-c", '. "$0" && env', PROJECT / "launch" / "lib" / "lost_hosts.sh"]
    text = subprocess.run(words, env=given, stdout=subprocess.PIPE, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in text.splitlines() if line.startswith("OMPI_"))


@pytest.mark.parametrize(
    ("how", "watchdog", "given"),
    [
        ("kill", 3, {}),
        ("lose", 12, keepalive(2, 1, 3)),
        pytest.param("lose", 60, {}, marks=pytest.mark.whole),
    ],
    ids=[
        "its processes are killed",
        "its power is cut",
        "its power is cut, the product's own settings",
    ],
)
def test_a_host_that_is_gone_ends_the_run(
    how: str,
    watchdog: int,
    given: dict[str, str],
    two_hosts: Path,
    program: Path,
    tmp_path: Path,
    record_property: Told,
) -> None:
    options = [*LONG, "--watchdog", str(watchdog)]
    run = Run(two_hosts, program, tmp_path / "out", *options, environment=lost_hosts(given))
    kept = run.wait_for_points(1)
    gone = time.monotonic()
    command("hosts", two_hosts, how, "h1")
    assert run.code(watchdog + PROMISED) != 0, run.log()
    ended = time.monotonic() - gone
    wait_for("end of all ranks", lambda: not programs(program), PROMISED, run.log)
    record_property("figure", f"ended {ended:.1f} s later (watchdog {watchdog} s)")
    assert kept.items() <= stamps(run.results).items()
    assert degrees(run.results), "nothing that can be read"


@pytest.mark.whole
def test_the_host_of_mpirun_is_gone(two_hosts: Path, program: Path, tmp_path: Path) -> None:
    watchdog = 12
    options = [*LONG, "--watchdog", str(watchdog)]
    run = Run(
        two_hosts, program, tmp_path / "out", *options, environment=lost_hosts(keepalive(2, 1, 3))
    )
    kept = run.wait_for_points(1)
    command("hosts", two_hosts, "lose", "h0")
    assert run.code(60) != 0
    wait_for("end of all ranks", lambda: not programs(program), watchdog + PROMISED, run.log)
    assert kept.items() <= stamps(run.results).items()


def test_a_link_that_is_cut_for_two_seconds_is_survived(
    two_hosts: Path, program: Path, tmp_path: Path
) -> None:
    run = Run(two_hosts, program, tmp_path / "out", *SMALL, *lasting(3))
    run.wait_for_points(1)
    command("hosts", two_hosts, "down", "h1")
    time.sleep(2)
    command("hosts", two_hosts, "up", "h1")
    assert run.code(180) in MEASURED, run.log()
    assert degrees(run.results) == [1, 1, 2]
