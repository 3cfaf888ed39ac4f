"""tpscale-micro on virtual GPUs."""

from __future__ import annotations

import os
import unittest

from micro_program import COLLECTIVES, SMALL, SMALL_MESSAGES, Case, families

OF_THE_DEVICE = "linear/o|fused|row/|attention|cached|kv_copy"


class Virtual(Case):
    def setUp(self) -> None:
        super().setUp()
        os.environ["XDG_CACHE_HOME"] = str(self.folder)

    def test_every_op_runs(self) -> None:
        words = [*SMALL, "--rows", "1", "--backend", "cuda", f"--benchmark_filter={OF_THE_DEVICE}"]
        found = self.measured(*words)
        expected = {"linear", "fused", "row", "attention", "cached", "kv_copy"}
        self.assertEqual(families(found), expected)
        for name in found:
            self.assertTrue(name.endswith("/cuda"), name)

    def test_collectives_of_device_memory(self) -> None:
        words = [*SMALL_MESSAGES, "--backend", "cuda", "--communicator", "nccl,shm"]
        found = self.measured(*words, ranks=2)
        self.assertEqual(families(found), COLLECTIVES)
        self.assertTrue(any("/nccl/" in name for name in found))
        self.assertTrue(any("/shm/" in name for name in found))


if __name__ == "__main__":
    unittest.main()
