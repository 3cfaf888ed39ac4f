"""Preflight on virtual GPUs: shared devices, other versions of NCCL; a fault injected between GPUs."""

from __future__ import annotations

import os
import subprocess
import unittest

from virtual_program import SMOKE, VirtualCase

from program import MPIEXEC, PROGRAM, points, sentences

CHECK = ["check", "--backend", "cuda", "--model", "tiny", "--input-tokens", "8"]


class Preflight(VirtualCase):
    def assert_fails(self, result: subprocess.CompletedProcess[str], *parts: str) -> None:
        self.assertEqual(result.returncode, 69, result.stderr)
        self.assertEqual(len(sentences(result)), 1, result.stderr)
        for part in parts:
            self.assertIn(part, sentences(result)[0])

    def two(self, first: str, second: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Two ranks, each with a variable of its own."""
        return subprocess.run(
            [
                *[MPIEXEC, "-n", "1", "-x", first, PROGRAM, *words, ":"],
                *["-n", "1", "-x", second, PROGRAM, *words],
            ],
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
            env={
                "VIRTUAL_GPU_DEVICES": "2",
                **os.environ,
                "XDG_CACHE_HOME": str(self.folder / "cache"),
            },
        )

    def test_a_gpu_for_each_rank(self) -> None:
        result = self.start(*CHECK, ranks=2, devices=2)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"ok +devices +2 x Virtual GPU")
        self.assertRegex(result.stdout, r"ok +communicator .* by nccl")

    def test_too_few_gpus(self) -> None:
        result = self.start(*CHECK, ranks=4, devices=2)
        self.assert_fails(result, "ranks 0 and 2 on ", "the same GPU", "shows 2 to its 4 ranks")
        meant = self.start(*CHECK, "--communicator", "mpi", ranks=4, devices=2)
        self.assertEqual(meant.returncode, 0, meant.stderr)

    def test_too_few_gpus_for_nccl_are_refused_before_anything_is_measured(self) -> None:
        out = self.folder / "out"
        words = ["run", "strong-scaling", *SMOKE, "--tp", "1,2", "-o", str(out)]
        result = self.start(*words, "--communicator", "nccl", ranks=2, devices=1)
        self.assert_fails(result, "ranks 0 and 1 on ", "NCCL wants one for each")
        self.assertEqual(points(out), set())

    def test_a_run_says_that_gpus_are_shared_and_goes_on(self) -> None:
        out = self.folder / "out"
        words = ["run", "strong-scaling", *SMOKE, "--tp", "2", "-o", str(out)]
        result = self.start(*words, ranks=2, devices=1)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("ranks 0 and 1 on ", result.stderr)
        self.assertTrue(points(out))

    def test_two_ranks_bound_to_one_gpu_though_there_are_enough(self) -> None:
        result = self.two("VIRTUAL_GPU_DEVICES=8", "VIRTUAL_GPU_DEVICES=1", *CHECK)
        self.assert_fails(result, "ranks 0 and 1 on ", "although the host shows 8 to its 2 ranks")

    def test_another_gpu_does_not_go_on_in_the_folder(self) -> None:
        words = ["run", "strong-scaling", *SMOKE, "--tp", "1", "-o", str(self.folder / "out")]
        self.assertEqual(self.start(*words).returncode, 0)
        result = self.start(*words, "--resume", VIRTUAL_GPU_MEMORY="2G")
        self.assert_ends(2, "made by another hardware", result)
        self.assertIn("Virtual GPU, 1 GiB, now ", sentences(result)[0])
        same = self.start(*words, "--resume")
        self.assertEqual(same.returncode, 0, same.stderr)

    def test_another_nccl(self) -> None:
        result = self.two("VIRTUAL_NCCL_VERSION=22809", "VIRTUAL_NCCL_VERSION=22703", *CHECK)
        self.assert_fails(result, "rank 1 has NCCL 2.27.3 and rank 0 has 2.28.9")


class InjectedFault(VirtualCase):
    def test_the_culprit_is_named(self) -> None:
        for kind, graphs in (("stop", "on"), ("stop", "off"), ("skip", "on"), ("throw", "on")):
            with self.subTest(kind, graphs=graphs):
                result = self.start(
                    *("run", "strong-scaling", *SMOKE, "--tp", "2", "--watchdog", "3"),
                    *("--cuda-graphs", graphs, "--communicator", "nccl"),
                    *("-o", str(self.folder / f"{kind}{graphs}")),
                    *("--inject-fault", f"rank=1,at=60,kind={kind}"),
                    ranks=2,
                    devices=2,
                )
                # The stand-in of NCCL finds a skipped collective by itself; NCCL may hang.
                codes = {"stop": (124,), "skip": (1, 124), "throw": (1,)}[kind]
                line = {
                    "stop": r" rank 1 \(",
                    "skip": r" rank 1 (\(|in AllGather)",
                    "throw": "rank 1: a fault was injected",
                }[kind]
                self.assertIn(result.returncode, codes, result.stderr)
                self.assertRegex("\n".join(sentences(result)), line)


if __name__ == "__main__":
    unittest.main()
