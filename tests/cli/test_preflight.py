"""Ranks of one launch that do not match: each mismatch ends it with one sentence that names the rank."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from program import FIXTURES, MPIEXEC, PROGRAM, Case, sentences

OTHER_HDF5 = os.environ["TPSCALE_OTHER_HDF5"]
CHECK = ["check", "--model", "tiny", "--threads", "1"]


@unittest.skipUnless(MPIEXEC, "no mpirun")
class Preflight(Case):
    def launch(self, *ranks: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """One rank a list of words for mpirun."""
        words = [MPIEXEC]
        for i, rank in enumerate(ranks):
            words += [":"] * (i > 0) + ["-n", "1", *rank]
        return subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, **environment},
        )

    def assert_says(self, result: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(sentences(result)), 1, result.stderr)
        for part in parts:
            self.assertIn(part, sentences(result)[0])

    def test_ranks_that_match(self) -> None:
        result = self.launch([PROGRAM, *CHECK], [PROGRAM, *CHECK])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(sentences(result), [])
        lines = result.stdout.splitlines()
        self.assertEqual(
            [line.split()[1] for line in lines],
            [
                *["program", "arguments", "environment", "options", "weights", "libraries"],
                *["cores", "devices", "memory", "communicator"],
            ],
        )
        self.assertEqual({line.split()[0] for line in lines}, {"ok"})

    def test_one_rank_alone(self) -> None:
        result = self.launch([PROGRAM, *CHECK, "--json"])
        report = json.loads(result.stdout)
        self.assertTrue(report["passed"])
        self.assertIn("memory", [check["check"] for check in report["checks"]])

    def test_another_program(self) -> None:
        other = self.folder / "tpscale"
        shutil.copy(PROGRAM, other)
        with other.open("ab") as file:
            file.write(b"\0")
        for command in (CHECK, ["generate", "--prompt-ids", "1"], ["list"]):
            result = self.launch([PROGRAM, *command], [PROGRAM, *command], [str(other), *command])
            self.assert_says(result, 2, "rank 2 on ", "runs another program than rank 0")

    def test_other_arguments(self) -> None:
        result = self.launch([PROGRAM, "run", "strong-scaling"], [PROGRAM, "list", "\x1b[31m"])
        self.assert_says(result, 2, "rank 1 on ", "started with the arguments 'list", "run strong")
        self.assertNotIn("\x1b", result.stderr)

    def test_another_environment(self) -> None:
        result = self.launch([PROGRAM, *CHECK], ["-x", "OMP_NUM_THREADS=7", PROGRAM, *CHECK])
        self.assert_says(result, 2, "rank 1 on ", "OMP_NUM_THREADS '7' and rank 0 has none")

    def test_variables_of_one_rank_may_differ(self) -> None:
        for name in ("CUDA_VISIBLE_DEVICES", "NCCL_DEBUG", "SOME_TOKEN", "OMP_TOKEN"):
            result = self.launch([PROGRAM, *CHECK], ["-x", f"{name}=1", PROGRAM, *CHECK])
            self.assertEqual(result.returncode, 0, result.stderr)

    def folders(self) -> tuple[Path, Path]:
        both = self.folder / "a", self.folder / "b"
        for folder in both:
            folder.mkdir()
        return both

    def test_another_configuration(self) -> None:
        a, b = self.folders()
        (a / "c.toml").write_text("block-size = 16\n")
        (b / "c.toml").write_text("block-size = 32\n")
        for command in (CHECK, ["generate", "--prompt-ids", "1", "--max-new-tokens", "1"]):
            rank = [PROGRAM, *command, "--config", "c.toml"]
            result = self.launch(["-wdir", str(a), *rank], ["-wdir", str(b), *rank])
            self.assert_says(result, 2, "rank 1 on ", "another option block_size", "--config")

    def test_other_weights(self) -> None:
        a, b = self.folders()
        for folder in (a, b):
            shutil.copytree(FIXTURES / "llama2-f32", folder / "model")
        file = next((b / "model").glob("*.safetensors"))
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
        rank = [PROGRAM, "evaluate", "--model", "model", "--token-ids", "ids.txt"]
        for folder in (a, b):
            (folder / "ids.txt").write_text("1 2 3\n")
        result = self.launch(["-wdir", str(a), *rank], ["-wdir", str(b), *rank])
        self.assert_says(result, 2, "rank 1 on ", "has other weights of the model")

    def test_another_library(self) -> None:
        result = self.launch([PROGRAM, *CHECK], ["-x", f"LD_PRELOAD={OTHER_HDF5}", PROGRAM, *CHECK])
        self.assert_says(result, 2, "rank 1 on ", "has loaded HDF5 '1.8.5' and rank 0 '")
        result = self.launch(*[["-x", f"LD_PRELOAD={OTHER_HDF5}", PROGRAM, *CHECK]] * 2)
        self.assert_says(result, 69, "HDF5 1.8.5 is loaded and the program was built with")

    @unittest.skipUnless(len(os.sched_getaffinity(0)) >= 2, "one core: nothing to bind wrongly")
    def test_two_ranks_bound_to_one_core(self) -> None:
        core = str(min(os.sched_getaffinity(0)))
        bound = ["--bind-to", "none", "taskset", "-c", core, PROGRAM]
        result = self.launch([*bound, *CHECK], [*bound, *CHECK])
        self.assert_says(result, 2, "ranks 0 and 1 on ", f"share core {core} although")
        generate = ["generate", "--prompt-ids", "1", "--max-new-tokens", "1", "--threads", "1"]
        result = self.launch([*bound, *generate], [*bound, *generate])
        self.assert_says(result, 0, f"share core {core} although")
        result = self.launch(*[[*bound, *CHECK, "--no-pin"]] * 2)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_too_little_memory(self) -> None:
        huge = ["--model", "qwen3-8b", "--num-sequences", "4096", "--input-tokens", "8192"]
        result = self.launch(*[[PROGRAM, "check", *huge]] * 2)
        self.assert_says(result, 69, "B are free")
        self.assertRegex(result.stdout, r"doubtful +memory")

    def test_what_a_run_would_refuse(self) -> None:
        self.assert_refused(66, "nowhere", "check", "--model", "nowhere", ranks=2)
        self.assert_refused(2, "16 attention heads", "check", "--model", "qwen3-0.6b", ranks=3)


if __name__ == "__main__":
    unittest.main()
