"""tpscale-micro under test: TPSCALE_MICRO is the program, TPSCALE_MPIEXEC mpirun, TPSCALE_REPORT tpscale-report."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

PROGRAM = os.environ["TPSCALE_MICRO"]
MPIEXEC = os.environ.get("TPSCALE_MPIEXEC", "")
REPORT = os.environ.get("TPSCALE_REPORT", "")
SECONDS = 200
# One iteration or so of small shapes: what is tested is that they run and what they say.
SMALL = [
    *["--model", "tiny", "--rows", "1,4", "--context", "40", "--sequences", "2"],
    *["--file-mib", "8", "--probe-seconds", "0.001", "--benchmark_min_time=0.000001"],
]
SMALL_MESSAGES = ["--bytes", "64,4096", "--samples", "3"]
COLLECTIVES = {"all_reduce", "all_gather", "reduce_scatter", "broadcast"}
Entries = dict[str, dict[str, Any]]


def run(
    *arguments: str, ranks: int = 0, file_bytes: int = 0, core: int | None = None
) -> subprocess.CompletedProcess[str]:
    """`file_bytes`: no file may grow beyond them. `core`: the only one of all ranks."""
    # of the launcher, too: what it may use counts, and it binds the ranks to cores of its own choice
    alone = ["taskset", "-c", str(core)] if core is not None else []
    launcher = [*alone, "timeout", "-k", "5", str(SECONDS)]
    if ranks:
        launcher += [MPIEXEC, "-n", str(ranks), *alone]

    def limit() -> None:
        if file_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    return subprocess.run(
        [*launcher, PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )


def points(folder: Path) -> list[Path]:
    return list((folder / "points").glob("*.h5"))


def interrupted_after_a_point(
    out: Path, *arguments: str, ranks: int = 0
) -> subprocess.CompletedProcess[str]:
    """The outcome of a launch with --store that gets SIGUSR1 when its first point is there."""
    launcher = [MPIEXEC, "-n", str(ranks)] if ranks else []
    words = [*launcher, PROGRAM, *arguments, "--store", str(out)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + SECONDS
    while not points(out) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGUSR1)
    try:
        stdout, stderr = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def entries(text: str) -> Entries:
    """The benchmarks of a JSON output by name, without what Google Benchmark adds to it."""
    found = {}
    for entry in json.loads(text)["benchmarks"]:
        parts = entry["run_name"].split("/")
        kept = [
            p for p in parts if p not in ("real_time", "manual_time") and "iterations:" not in p
        ]
        found["/".join(kept)] = entry
    return found


def families(found: Entries) -> set[str]:
    return {name.split("/")[0] for name in found}


class Case(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def measured(self, *arguments: str, ranks: int = 0) -> Entries:
        result = run(*arguments, "--benchmark_format=json", ranks=ranks)
        self.assertEqual(result.returncode, 0, result.stderr)
        found = entries(result.stdout)
        for name, entry in found.items():
            self.assertNotIn("error_occurred", entry, name)
            self.assertGreater(entry["real_time"], 0, name)
        return found

    def reported(self, *paths: Path) -> Any:
        """results.json of a report over the paths."""
        out = self.folder / "report"
        command = [REPORT, *map(str, paths), "-o", str(out), "--no-figures"]
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads((out / "results.json").read_text())
