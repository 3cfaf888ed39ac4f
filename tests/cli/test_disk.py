"""The program from outside: a disk that is full or fails at each system call, kills at moments that nobody chose."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from figures import WHOLE, Figure, share_or_whole
from program import FIXTURES, PROGRAM, Case, points, sentences

SHIM = os.environ["TPSCALE_FAULT_SHIM"]
TINY = [
    *["--model", "tiny", "--num-sequences", "1", "--input-tokens", "4", "--output-tokens", "2"],
    *[
        "--sequences-per-rank",
        "1",
        "--repetitions",
        "2",
        "--instrumented-repetitions",
        "0",
        "--probe-seconds",
        "0.005",
    ],
]
ONE_POINT = ["run", "strong-scaling", *TINY]
FOUR_POINTS = ["run", "strong-scaling", "weak-scaling", "latency", "throughput", *TINY]


class Disk(Case):
    def faulty(
        self, folder: Path, mode: str, side: str, call: int, *arguments: str
    ) -> tuple[subprocess.CompletedProcess[str], bool]:
        """Lets one system call below `folder` go wrong (tests/support/fault_shim.c); whether there were so many."""
        fired = self.folder / "fired"
        fired.unlink(missing_ok=True)
        faults = {
            "LD_PRELOAD": SHIM,
            "ASAN_OPTIONS": "verify_asan_link_order=0",
            "FAULT_FOLDER": str(folder),
            "FAULT_MODE": mode,
            "FAULT_SIDE": side,
            "FAULT_CALL": str(call),
            "FAULT_FIRED": str(fired),
        }
        result = subprocess.run(
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, **faults},
        )
        return result, fired.exists()

    def each_call(
        self, part: str, mode: str, side: str, folder: Path, arguments: list[str], step: int
    ) -> None:
        """Of `step` calls one is tried in launch/test, each in launch/test --all."""
        figure = Figure("disk full, I/O errors", f"program, {part}")
        tried = 0
        for call in range(1, 1000, 1 if WHOLE else step):
            if side == "write":
                shutil.rmtree(folder, ignore_errors=True)
            result, fired = self.faulty(folder, mode, side, call, *arguments)
            if not fired:
                self.assertIn(result.returncode, (0, 3), f"call {call}: {result.stderr}")
                break
            tried += 1
            self.assertIn(result.returncode, (74, 75), f"{mode} at call {call}: {result.stderr}")
            self.assertTrue(sentences(result), "it says nothing")
        self.assertGreater(tried, 4)
        figure.reached(f"{tried} calls: exit 74")

    def test_a_full_disk_is_exit_74_at_every_call(self) -> None:
        out = self.folder / "out"
        self.each_call("disk full", "full", "write", out, [*ONE_POINT, "-o", str(out)], 4)

    def test_an_error_of_writing_is_exit_74_at_every_call(self) -> None:
        out = self.folder / "out"
        self.each_call("errors of writing", "error", "write", out, [*ONE_POINT, "-o", str(out)], 4)

    def test_an_error_of_reading_points_is_exit_74_at_every_call(self) -> None:
        out = self.folder / "out"
        resumed = [*ONE_POINT, "-o", str(out), "--resume"]
        self.assertIn(
            subprocess.run([PROGRAM, *resumed], capture_output=True, check=False).returncode, (0, 3)
        )
        self.each_call("errors of reading points", "error", "read", out, resumed, 2)

    def test_an_error_of_reading_a_model_is_exit_74_at_every_call(self) -> None:
        model = FIXTURES / "llama2-f32"
        generate = ["generate", "--model", str(model), "--prompt-ids", "1", "--max-new-tokens", "1"]
        self.each_call("errors of reading a model", "error", "read", model, generate, 3)

    def test_output_that_cannot_be_written_is_exit_74(self) -> None:
        for arguments in (
            ["list"],
            ["list", "--json"],
            ["generate", "--prompt-ids", "1", "--max-new-tokens", "1"],
            [*ONE_POINT, "--dry-run"],
            [*ONE_POINT, "-o", str(self.folder / "out")],
            ["workload", "fixed", "--num-sequences", "1"],
            ["workload", "fixed", "--num-sequences", "1", "-o", "/dev/full"],
        ):
            with Path("/dev/full").open("w") as full:
                result = subprocess.run(
                    [PROGRAM, *arguments],
                    stdout=full,
                    stderr=subprocess.PIPE,
                    text=True,
                    check=False,
                )
            self.assertEqual(result.returncode, 74, f"{arguments}: {result.stderr}")
            self.assertTrue(sentences(result), "it says nothing")


class Kills(Case):
    def test_at_random_moments_lose_double_and_repeat_nothing(self) -> None:
        figure = Figure("kills and resume", "program")
        begin = time.monotonic()
        self.run_to_end(self.folder / "whole")
        length = time.monotonic() - begin
        whole = points(self.folder / "whole")
        chance = random.Random(7)
        wanted = share_or_whole(5, 100)
        killed = 0
        for launch in range(5 * wanted):
            if killed == wanted:
                break
            out = self.folder / str(launch)
            # twice in one launch: a resumed one is killed as well
            for _ in range(2):
                killed += self.killed_after(length * chance.random(), out)
            stamps = {file: file.stat().st_mtime_ns for file in out.glob("points/*.h5")}
            said = self.run_to_end(out)
            self.assertEqual(points(out), whole)
            for file, stamp in stamps.items():
                self.assertEqual(file.stat().st_mtime_ns, stamp, "measured again")
            told = [point for experiment in said["experiments"] for point in experiment["points"]]
            self.assertEqual(len(told), len(whole))
            shutil.rmtree(out)
        self.assertGreater(killed, 0)
        figure.reached(f"{killed} kills: 0 points lost, doubled or repeated")

    def run_to_end(self, out: Path) -> dict:
        result = subprocess.run(
            [PROGRAM, *FOUR_POINTS, "-o", str(out), "--resume", "--json"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertIn(result.returncode, (0, 3), result.stderr)
        return json.loads(result.stdout)

    def killed_after(self, seconds: float, out: Path) -> int:
        process = subprocess.Popen(
            [PROGRAM, *FOUR_POINTS, "-o", str(out), "--resume"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        return int(process.wait() == -signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
