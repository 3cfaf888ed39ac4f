"""The embedded model on text of our own: this project's Python and Markdown, which it was not trained on.

TPSCALE is the program. Prints the perplexity a byte of the model and of the bigram model that was
counted on the same training text.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIGRAMS = ROOT / "bench" / "models" / "embedded" / "bigram.bin"
MOST_BYTES = 16_000  # of each kind: a few seconds of evaluation


def own_text(pattern: str) -> bytes:
    """The beginning of every file of that kind, so that no single one decides."""
    folders = ("analysis", "bench", "src", "parallel", "tests/analysis")
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob(pattern))
    share = MOST_BYTES // len(files)
    return b"\n".join(path.read_bytes()[:share] for path in files)


def bigram_perplexity(text: bytes) -> float:
    """Add-one smoothed pair counts: little-endian uint32 [previous byte, next byte]."""
    counts = struct.unpack("<65536I", BIGRAMS.read_bytes())
    totals = [sum(counts[256 * row : 256 * row + 256]) + 256 for row in range(256)]
    nll = -sum(
        math.log((counts[256 * before + after] + 1) / totals[before])
        for before, after in itertools.pairwise(text)
    )
    return math.exp(nll / (len(text) - 1))


class Embedded(unittest.TestCase):
    def perplexity(self, text: bytes) -> float:
        with tempfile.NamedTemporaryFile() as file:
            file.write(text)
            file.flush()
            command = [os.environ["TPSCALE"], "evaluate", "--text", file.name, "--json"]
            result = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(json.loads(result.stdout)["perplexity"])

    def test_is_far_better_than_a_bigram_model_on_our_own_text(self) -> None:
        for kind in ("*.py", "*.md"):
            with self.subTest(kind):
                text = own_text(kind)
                model, bigram = self.perplexity(text), bigram_perplexity(text)
                print(
                    f"{len(text)} bytes of {kind}: perplexity a byte {model:.2f}, bigram {bigram:.2f}"
                )
                self.assertLess(model, bigram / 1.5)

    def test_continues_a_prompt_as_python(self) -> None:
        command = [
            os.environ["TPSCALE"],
            "generate",
            "--text-prompt",
            "import os\nimport sys\n\n\ndef ",
        ]
        result = subprocess.run(
            [*command, "--max-new-tokens", "120"],
            check=True,
            capture_output=True,
            text=True,
        )
        print(result.stdout)
        self.assertRegex(result.stdout, r"\w+\(.*\):\n")
        self.assertRegex(result.stdout, r"\n(\t| {4})+\w")


if __name__ == "__main__":
    unittest.main()
