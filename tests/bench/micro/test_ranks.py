"""The collectives of a launch: rank 0 speaks, results are checked, wrong ones have no figures."""

from __future__ import annotations

import json
import os
import subprocess
import unittest

from micro_program import (
    COLLECTIVES,
    MPIEXEC,
    PROGRAM,
    REPORT,
    SMALL_MESSAGES,
    Case,
    entries,
    families,
    interrupted_after_a_point,
    points,
    run,
)

# Rank 1 may map 2 GiB.
LITTLE_MEMORY = '[ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 0 ] || ulimit -v 2097152; exec "$0" "$@"'
FACTORS = {"all_reduce": 2.0, "all_gather": 1.0, "reduce_scatter": 1.0}  # x (n-1)/n


@unittest.skipUnless(MPIEXEC, "no mpirun")
class Ranks(Case):
    def check(self, ranks: int, *arguments: str) -> None:
        found = self.measured(*SMALL_MESSAGES, *arguments, ranks=ranks)
        self.assertEqual(families(found), COLLECTIVES)
        degrees = {2, ranks}
        for degree in degrees:
            self.assertIn(f"all_reduce/shm/f32/ranks:{degree}/bytes:4096", found)
        for name, entry in found.items():
            kind, degree = name.split("/")[0], int(name.split("ranks:")[1].split("/")[0])
            factor = FACTORS[kind] * (degree - 1) / degree if kind in FACTORS else 1.0
            self.assertAlmostEqual(entry["busbw"] / entry["algbw"], factor, places=6, msg=name)
            size = int(name.split("bytes:")[1])
            self.assertAlmostEqual(entry["algbw"] * entry["median_s"] / size, 1, places=6, msg=name)
            self.assertEqual(entry["iterations"], 3)

    def test_two_ranks(self) -> None:
        self.check(2, "--dtype", "f32,bf16,f16")

    def test_four_ranks(self) -> None:
        self.check(4, "--dtype", "f32")

    def test_a_launch_s_own_size_is_measured_and_changed_messages_are_named(self) -> None:
        words = ["--bytes", "4,4096", "--samples", "1", "--dtype", "f32"]
        filter_ = "--benchmark_filter=broadcast/shm"
        result = run(*words, filter_, "--benchmark_format=json", ranks=3)
        self.assertEqual(result.returncode, 0, result.stderr)
        names = set(entries(result.stdout))
        start = "broadcast/shm/f32/ranks:"
        self.assertEqual(names, {f"{start}2/bytes:4096", f"{start}3/bytes:4092"})
        said = [line for line in result.stderr.splitlines() if " B of f32 at " in line]
        self.assertEqual(len(said), 2, result.stderr)
        self.assertIn("rounded down", said[0])
        self.assertIn("4096 B of f32 at 3 ranks", said[0])
        self.assertIn("left out", said[1])
        self.assertIn("4 B of f32 at 2 ranks, 4 B of f32 at 3 ranks", said[1])

    def test_a_rank_without_memory_for_a_message_skips_it_in_all(self) -> None:
        limited = ["sh", "-c", LITTLE_MEMORY, PROGRAM]
        alone = subprocess.run([*limited, "--help"], capture_output=True, timeout=60, check=False)
        if alone.returncode:
            self.skipTest("the program does not start in 2 GiB of addresses")
        words = ["--bytes", "4096,4294967296", "--samples", "1", "--communicator", "shm"]
        chosen = ["--benchmark_filter=all_reduce", "--benchmark_format=json"]
        result = subprocess.run(
            ["timeout", "-k", "5", "50", MPIEXEC, "-n", "2", *limited, *words, *chosen],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stderr)
        found = entries(result.stdout)
        small, large = (f"all_reduce/shm/bf16/ranks:2/bytes:{n}" for n in (4096, 1 << 32))
        self.assertGreater(found[small]["real_time"], 0)
        self.assertTrue(found[large]["error_occurred"])
        self.assertIn("do not fit", found[large]["error_message"])

    def test_a_wrong_sum_has_no_figure_and_fails_the_launch(self) -> None:
        words = [*SMALL_MESSAGES, "--inject-bug", "sum", "--benchmark_format=json"]
        result = run(*words, ranks=2)
        self.assertEqual(result.returncode, 3, result.stderr)
        found = entries(result.stdout)
        self.assertEqual(families(found), COLLECTIVES)
        for name, entry in found.items():
            self.assertTrue(entry["error_occurred"], name)
            self.assertIn("wrong result", entry["error_message"])
            self.assertNotIn("busbw", entry)

    def test_a_bad_option_is_one_sentence_of_rank_0(self) -> None:
        for code, *words in ((2, "--bytes", "x"), (69, "--communicator", "none")):
            result = run(*words, ranks=2)
            self.assertEqual(result.returncode, code, result.stderr)
            lines = result.stderr.splitlines()
            said = [line for line in lines if line.startswith("tpscale-micro: ")]
            self.assertEqual(len(said), 1, result.stderr)

    def test_more_ranks_than_cores_are_labelled(self) -> None:
        core = min(os.sched_getaffinity(0))
        words = [*SMALL_MESSAGES, "--benchmark_filter=all_reduce/shm", "--benchmark_format=json"]
        result = run(*words, ranks=2, core=core)
        self.assertEqual(result.returncode, 0, result.stderr)
        for name, entry in entries(result.stdout).items():
            self.assertIn("oversubscribed", entry["label"], name)

    def test_a_table_in_a_file_has_no_colours(self) -> None:
        words = [*SMALL_MESSAGES, "--benchmark_filter=broadcast/shm"]
        result = run(*words, ranks=2)
        self.assertIn("broadcast/shm", result.stdout)
        self.assertNotIn("\x1b", result.stdout)

    def test_samples_are_counted_so_warming_up_by_time_is_refused(self) -> None:
        result = run(*SMALL_MESSAGES, "--benchmark_min_warmup_time=0.1", ranks=2)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("not for collectives", result.stderr)
        result = run("--benchmark_filter=linear", ranks=2)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("nothing matches", result.stderr)

    def test_a_signal_ends_all_ranks_and_keeps_the_finished_benchmarks(self) -> None:
        out = self.folder / "out"
        result = interrupted_after_a_point(out, "--samples", "2000", ranks=2)
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertTrue(points(out))
        self.assertTrue((out / "results.h5").exists())

    @unittest.skipUnless(REPORT, "no environment for tpscale-report")
    def test_samples_of_every_rank_are_stored(self) -> None:
        out, file = self.folder / "out", self.folder / "micro.json"
        chosen = ["--benchmark_filter=all_reduce/shm", "--benchmark_repetitions=2"]
        words = [*SMALL_MESSAGES, *chosen, "--store", str(out), f"--benchmark_out={file}"]
        found = self.measured(*words, ranks=2)
        self.assertEqual(families(entries(file.read_text())), {"all_reduce"})
        record = self.reported(out, file)
        self.assertEqual(len(record["tests"]), 2 * len(found))
        stored = [t for t in record["tests"] if "ranks" in t["parameters"]]
        self.assertEqual(len(stored), len(found))
        for test in stored:
            self.assertEqual(test["results"]["busbw"]["samples"], 2 * 3)
        self.assertIn("rank 1", json.dumps(record["raw_results"]))


if __name__ == "__main__":
    unittest.main()
