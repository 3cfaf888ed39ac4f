"""What goes wrong on a GPU ends the program with one sentence, its exit code, and nobody waiting."""

from __future__ import annotations

import subprocess
import unittest

from virtual_program import VirtualCase

from program import FIXTURES, sentences

GENERATE = [
    *["generate", "--backend", "cuda", "--model", str(FIXTURES / "llama2-f32"), "--dtype", "f32"],
    *["--prompt-ids", "1,2,3", "--max-new-tokens", "4", "--json"],
]


class Faults(VirtualCase):
    def generate(
        self, *options: str, ranks: int = 1, devices: int = 8, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return self.start(*GENERATE, *options, ranks=ranks, devices=devices, **environment)

    def test_no_gpu_is_69(self) -> None:
        for ranks in (1, 2):
            self.assert_ends(69, "no GPU", self.generate(ranks=ranks, devices=0))

    def test_a_device_too_small_for_the_model(self) -> None:
        self.assert_ends(69, "fit", self.generate(VIRTUAL_GPU_MEMORY="512K"))
        self.assert_ends(69, "fit", self.generate(ranks=2, VIRTUAL_GPU_MEMORY="512K"))

    def test_an_allocation_that_fails(self) -> None:
        for use in (1, 3, 8):
            self.assert_ends(69, "fit", self.generate(VIRTUAL_GPU_FAIL=f"cudaMalloc:{use}:2"))

    def test_a_kernel_that_faults(self) -> None:
        for kernel in (1, 40):
            self.assert_ends(
                1, "cudaErrorIllegalAddress", self.generate(VIRTUAL_GPU_FAIL=f"kernel:{kernel}:700")
            )

    def test_a_kernel_that_faults_on_every_rank_ends_them_all(self) -> None:
        result = self.generate(ranks=2, VIRTUAL_GPU_FAIL="kernel:40:700")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("cudaErrorIllegalAddress", "\n".join(sentences(result)))

    def test_a_kernel_that_never_ends_is_ended_by_the_watchdog(self) -> None:
        result = self.generate("--watchdog", "3", ranks=2, VIRTUAL_GPU_FAIL="kernel:40:hang")
        self.assertEqual(result.returncode, 124, result.stderr)

    def test_a_collective_that_never_returns_is_ended_by_the_watchdog(self) -> None:
        for graphs in ("on", "off"):
            result = self.generate(
                "--watchdog",
                "3",
                "--cuda-graphs",
                graphs,
                ranks=2,
                VIRTUAL_GPU_FAIL="ncclAllReduce:3:hang",
            )
            self.assertEqual(result.returncode, 124, result.stderr)

    def test_a_call_of_nccl_that_fails(self) -> None:
        result = self.generate(ranks=2, VIRTUAL_GPU_FAIL="ncclAllReduce:3:3")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("ncclAllReduce", result.stderr)

    def test_a_capture_that_fails(self) -> None:
        result = self.generate("--cuda-graphs", "on", VIRTUAL_GPU_FAIL="cudaGraphInstantiate:1:2")
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(len(sentences(result)), 1, result.stderr)


if __name__ == "__main__":
    unittest.main()
