"""Memory and transfers from outside: paged-memory and kv-transfer on the preset tiny."""

from __future__ import annotations

import unittest

from program import MPIEXEC, Case, points, run

TINY = [
    *["--model", "tiny", "--repetitions", "2", "--probe-seconds", "0.02", "--threads", "1"],
    *["--num-sequences", "3", "--input-tokens", "24", "--output-tokens", "6"],
]
MOVED = ["--piece-bytes", "1024,8192", "--transfer-tokens", "64"]
POOL = ["--workload", "fixed", "--max-model-len", "64", "--given-slots", "128"]


class Memory(Case):
    def test_transfers_end_with_a_table_and_are_not_made_twice(self) -> None:
        arguments = ["run", "kv-transfer", *TINY, *MOVED, "-o", str(self.folder)]
        first = run(*arguments)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("between two host arenas", first.stdout)
        for arm in ("layer_each_pageable", "block_gathered_pageable", "ceiling"):
            self.assertIn(arm, first.stdout)
        stored = points(self.folder)
        self.assertEqual(len(stored), 4)
        again = run(*arguments, "--resume")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(points(self.folder), stored)

    def test_a_changed_byte_ends_with_exit_3(self) -> None:
        result = run(
            "run", "kv-transfer", *TINY, *MOVED, "-o", str(self.folder), "--inject-bug", "transfer"
        )
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("bytes came back", result.stdout)

    def test_paging_is_compared_in_the_same_memory(self) -> None:
        arguments = ["run", "paged-memory", *TINY, *POOL, "-o", str(self.folder)]
        result = run(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
        self.assertIn("paged", result.stdout)
        self.assertEqual(len(points(self.folder)), 1)

    def test_dry_runs_measure_nothing(self) -> None:
        for experiment, options in (("kv-transfer", MOVED), ("paged-memory", POOL)):
            result = run(
                "run", experiment, *TINY, *options, "-o", str(self.folder / "none"), "--dry-run"
            )
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("dry run", result.stdout)
            self.assertFalse((self.folder / "none" / "points").exists())

    def test_refusals_come_before_any_work(self) -> None:
        moved = ["run", "kv-transfer", *TINY, "--transfer-tokens", "64"]
        self.assert_refused(2, "--given-slots", "run", "paged-memory", *TINY, *POOL[:-1], "63")
        self.assert_refused(2, "--piece-bytes", *moved, "--piece-bytes", "100")
        self.assert_refused(2, "--transfer-cache", *moved, "--transfer-cache", "x")

    @unittest.skipUnless(MPIEXEC, "there is no mpirun")
    def test_every_rank_moves_its_share_at_once(self) -> None:
        result = run(
            *["run", "kv-transfer", *TINY, *MOVED, "--tp", "2", "-o", str(self.folder)],
            ranks=2,
        )
        self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
        self.assertEqual(len(points(self.folder)), 4)


if __name__ == "__main__":
    unittest.main()
