"""The local Slurm and the network hosts of tests/support, as long as their standard input is open."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

SUPPORT = Path(__file__).parents[2] / "support"
NOT_HERE = 69
Found = TypeVar("Found")


@contextmanager
def world(script: str, *arguments: str) -> Iterator[Path]:
    """The folder of a world that is up. A machine that cannot have one skips the test with the script's own reason."""
    folder = Path(tempfile.mkdtemp(prefix=f"{script}_"))
    with subprocess.Popen(
        [SUPPORT / script, folder, "serve", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if process.stdout.readline() != "ready\n":
                reason = process.communicate()[1].strip()
                if process.returncode == NOT_HERE:
                    pytest.skip(reason)
                logs = [
                    f"{log}:\n{log.read_text(errors='replace')}"
                    for log in (folder / "log").iterdir()
                ]
                raise AssertionError("\n".join([f"{script} did not start: {reason}", *logs]))
            yield folder
        finally:
            process.stdin.close()
            process.wait(60)
            shutil.rmtree(folder)


def command(script: str, folder: Path, *arguments: object) -> str:
    return subprocess.run(
        [SUPPORT / script, folder, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def wait_for(
    what: str, condition: Callable[[], Found], seconds: float = 120, log: Callable[[], str] = str
) -> Found:
    """What `condition` gives once it is true. The bound only ends a test that would wait for ever."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"no {what} in {seconds:.0f} s\n{log()}"
        time.sleep(0.1)
    return found


def plain_environment() -> dict[str, str]:
    """Without what keeps other tests' Open MPI on this machine's loopback."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OMPI_MCA_")}
