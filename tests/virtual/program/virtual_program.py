"""What the tests of the program on virtual GPUs share; the program itself is started by tests/cli/program.py."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from program import FIXTURES, MPIEXEC, PROGRAM, Case, sentences

SMOKE = [
    *["--backend", "cuda", "--model", "tiny", "--num-sequences", "2", "--sequences-per-rank", "1"],
    *["--input-tokens", "8", "--output-tokens", "4", "--batch-size", "1,2", "--max-num-seqs", "8"],
    *["--repetitions", "1", "--instrumented-repetitions", "1", "--probe-seconds", "0.001"],
]


class VirtualCase(Case):
    def start(
        self, *arguments: str, ranks: int = 1, devices: int = 8, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Ends with an error where the program hangs. One rank runs without mpirun."""
        launcher = [MPIEXEC, "-n", str(ranks)] if ranks > 1 else []
        return subprocess.run(
            [*launcher, PROGRAM, *arguments],
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
            env={
                **os.environ,
                "VIRTUAL_GPU_DEVICES": str(devices),
                "XDG_CACHE_HOME": str(self.folder / "cache"),
                **environment,
            },
        )

    def assert_generates(self, name: str, ranks: int, *options: str) -> None:
        expected = json.loads((FIXTURES / name / "expected.json").read_text())
        prompt = ",".join(str(token) for token in expected["prompt_ids"])
        result = self.start(
            *["generate", "--backend", "cuda", "--model", str(FIXTURES / name), "--json"],
            *["--prompt-ids", prompt, "--max-new-tokens", str(len(expected["greedy_ids"]))],
            *["--dtype", "f32", *options],
            ranks=ranks,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(
            json.loads(result.stdout)["token_ids"], expected["greedy_ids"], (name, ranks, options)
        )

    def assert_ends(self, code: int, text: str, result: subprocess.CompletedProcess[str]) -> None:
        """With that code, and one sentence, of one rank."""
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(sentences(result)), 1, result.stderr)
        self.assertIn(text, sentences(result)[0])


def heads(name: str) -> int:
    config = json.loads((FIXTURES / name / "config.json").read_text())
    return int(config.get("num_attention_heads", config.get("n_head", 0)))


# One of each family, for what does not depend on the rest of a configuration.
FAMILIES = [
    "llama3-bf16-sharded",
    "mistral-bf16",
    "qwen2-f32",
    "qwen3-bf16",
    "pythia-f16",
    "gpt2-f32",
]


def fixtures() -> list[str]:
    return sorted(path.parent.name for path in Path(FIXTURES).glob("*/expected.json"))
