"""The program under test and what the tests of it share.

TPSCALE is the program, TPSCALE_FIXTURES the small checkpoints, TPSCALE_MPIEXEC mpirun (absent: skipped).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ["TPSCALE"]
FIXTURES = Path(os.environ["TPSCALE_FIXTURES"])
MPIEXEC = os.environ.get("TPSCALE_MPIEXEC", "")
CHECKPOINTS = [
    "llama2-f32",
    "llama3-bf16-sharded",
    "qwen3-bf16",
    "gpt2-f32",
    "pythia-f16",
    "mistral-bf16",
]
SMALL = [
    *[
        "--model",
        "tiny",
        "--num-sequences",
        "2",
        "--input-tokens",
        "16",
        "--output-tokens",
        "4",
    ],
    *[
        "--sequences-per-rank",
        "1",
        "--repetitions",
        "2",
        "--instrumented-repetitions",
        "1",
    ],
    *["--probe-seconds", "0.02"],
]


def run(*arguments: str, ranks: int = 0) -> subprocess.CompletedProcess[str]:
    launcher = [MPIEXEC, "-n", str(ranks)] if ranks else []
    return subprocess.run(
        [*launcher, PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def sentences(result: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in result.stderr.splitlines() if line.startswith("tpscale: ")]


def points(folder: Path) -> set[str]:
    return {path.name for path in (folder / "points").glob("*.h5")}


class Case(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def assert_refused(self, code: int, text: str, *arguments: str, ranks: int = 0) -> None:
        result = run(*arguments, ranks=ranks)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(sentences(result)), 1, result.stderr)
        self.assertIn(text, sentences(result)[0])
        self.assertEqual(result.stdout, "")

    def assert_generates(self, name: str, ranks: int) -> None:
        expected = json.loads((FIXTURES / name / "expected.json").read_text())
        prompt = ",".join(str(token) for token in expected["prompt_ids"])
        result = run(
            *[
                "generate",
                "--model",
                str(FIXTURES / name),
                "--prompt-ids",
                prompt,
                "--json",
            ],
            *["--dtype", "f32", "--max-new-tokens", str(len(expected["greedy_ids"]))],
            ranks=ranks,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["token_ids"], expected["greedy_ids"], name)
