"""Tokens of the fixtures on virtual GPUs: every degree, by NCCL, decode steps as graphs and one by one."""

from __future__ import annotations

import unittest

from virtual_program import FAMILIES, VirtualCase, fixtures, heads


class Fixtures(VirtualCase):
    def test_the_fixtures_are_there(self) -> None:
        self.assertGreaterEqual(len(fixtures()), 13)
        self.assertLessEqual(set(FAMILIES), set(fixtures()))

    def test_one_gpu_replaying_graphs(self) -> None:
        for name in fixtures():
            with self.subTest(name):
                self.assert_generates(name, 1, "--cuda-graphs", "on")

    def test_one_gpu_without_graphs(self) -> None:
        for name in FAMILIES:
            with self.subTest(name):
                self.assert_generates(name, 1, "--cuda-graphs", "off")

    def test_two_and_four_gpus_with_collectives_in_graphs(self) -> None:
        for name in fixtures():
            for ranks in (2, 4):
                with self.subTest(name, ranks=ranks):
                    self.assert_generates(
                        name, ranks, "--cuda-graphs", "on", "--communicator", "nccl"
                    )

    def test_two_gpus_without_graphs(self) -> None:
        for name in FAMILIES:
            with self.subTest(name):
                self.assert_generates(name, 2, "--cuda-graphs", "off", "--communicator", "nccl")

    def test_eight_gpus_where_the_heads_allow(self) -> None:
        wide = [name for name in fixtures() if heads(name) % 8 == 0]
        self.assertTrue(wide)
        for name in wide:
            with self.subTest(name):
                self.assert_generates(name, 8, "--communicator", "nccl")

    def test_messages_in_symmetric_windows(self) -> None:
        self.assert_generates("llama2-f32", 2, "--communicator", "nccl", "--nccl-symmetric")

    def test_ranks_that_share_a_gpu(self) -> None:
        result = self.start("list", devices=1)
        self.assertEqual(result.returncode, 0)
        self.assert_generates("llama2-f32", 2, "--communicator", "mpi")


if __name__ == "__main__":
    unittest.main()
