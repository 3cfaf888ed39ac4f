"""Text in and out of the program: tokenize, generate and evaluate with a tokenizer.json."""

from __future__ import annotations

import json
import math
import os
import shutil
import unittest
from pathlib import Path

from program import FIXTURES, Case, run

TOKENIZERS = FIXTURES / "tokenizers"
FAMILIES = ["gpt2", "neox", "llama3", "qwen", "sentencepiece", "metaspace"]


class Alone(Case):
    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def ids(self, tokenizer: Path, texts: list[str], *options: str) -> list[list[int]]:
        lines = self.write("texts.jsonl", "".join(json.dumps(text) + "\n" for text in texts))
        result = run("tokenize", "--tokenizer", str(tokenizer), "--input", lines, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_tokenize_gives_the_ids_of_the_tokenizers_library(self) -> None:
        for family in FAMILIES:
            rows = json.loads((TOKENIZERS / family / "expected.json").read_text())
            texts = [row["text"] for row in rows]
            with self.subTest(family):
                self.assertEqual(
                    self.ids(TOKENIZERS / family, texts), [row["ids_with_special"] for row in rows]
                )
                file = TOKENIZERS / family / "tokenizer.json"
                self.assertEqual(
                    self.ids(file, texts, "--no-special-tokens"), [row["ids"] for row in rows]
                )

    def test_tokenize_refuses(self) -> None:
        good = str(TOKENIZERS / "gpt2")
        for line in ("3", "[1]", '"cut', r'"\ud800"', "", '"a" "b"'):
            path = self.write("bad.jsonl", '"good"\n' + line + "\n")
            self.assert_refused(65, "line 2", "tokenize", "--tokenizer", good, "--input", path)
        path = self.write("texts.jsonl", '"a"\n')
        nowhere = str(self.folder / "none")
        self.assert_refused(66, "none", "tokenize", "--tokenizer", nowhere, "--input", path)
        self.assert_refused(66, "none", "tokenize", "--tokenizer", good, "--input", nowhere)
        self.assert_refused(2, "--input", "tokenize", "--tokenizer", good)
        unknown = json.loads((TOKENIZERS / "gpt2" / "tokenizer.json").read_text())
        unknown["pre_tokenizer"]["type"] = "Fancy"
        file = self.write("tokenizer.json", json.dumps(unknown))
        self.assert_refused(65, "Fancy", "tokenize", "--tokenizer", file, "--input", path)

    def checkpoint(self, tokenizer: str) -> str:
        """A model folder with random weights and that tokenizer.json."""
        folder = self.folder / "model"
        shutil.copytree(FIXTURES / "llama2-f32", folder)
        (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
        return str(folder)

    def small_tokenizer(self) -> str:
        """Byte-level, a token a byte and one merge."""
        embedded = Path(__file__).resolve().parents[2] / "bench" / "models" / "embedded"
        file = json.loads((embedded / "tokenizer.json").read_text())
        file["model"]["vocab"]["th"] = 256
        file["model"]["merges"] = ["t h"]
        file["added_tokens"] = [{"id": 0, "content": "\u0100", "special": True}]
        file["post_processor"] = {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "\u0100"}}, {"Sequence": {"id": "A"}}],
            "special_tokens": {"\u0100": {"id": "\u0100", "ids": [0]}},
        }
        return json.dumps(file)

    def test_generate_and_evaluate_take_text(self) -> None:
        model = self.checkpoint(self.small_tokenizer())
        vocab = json.loads((Path(model) / "config.json").read_text())["vocab_size"]
        text = "the other"
        ids = [0, 256, 101, 32, 111, 256, 101, 114]
        self.assertLessEqual(max(ids), vocab)
        common = ["--model", model, "--json"]
        by_text = run("generate", *common, "--text-prompt", text)
        by_ids = run("generate", *common, "--prompt-ids", ",".join(map(str, ids)))
        self.assertEqual(by_text.returncode, 0, by_text.stderr)
        answer = json.loads(by_text.stdout)
        self.assertEqual(answer["token_ids"], json.loads(by_ids.stdout)["token_ids"])
        self.assertIsInstance(answer["text"], str)

        scored = run("evaluate", *common, "--text", self.write("text", text))
        self.assertEqual(scored.returncode, 0, scored.stderr)
        score = json.loads(scored.stdout)
        by_ids = run("evaluate", *common, "--token-ids", self.write("ids", " ".join(map(str, ids))))
        self.assertEqual(score["nll"], json.loads(by_ids.stdout)["nll"])
        self.assertNotIn("bits_per_byte", json.loads(by_ids.stdout))
        # a special token comes first, so all nine bytes are judged
        self.assertAlmostEqual(score["bits_per_byte"], sum(score["nll"]) / math.log(2) / len(text))
        self.assertEqual(len(score["nll"]), len(ids) - 1)

    def test_a_damaged_tokenizer_of_a_model_is_one_sentence(self) -> None:
        model = self.checkpoint(self.small_tokenizer()[:-100])
        text = self.write("text", "the")
        self.assert_refused(
            65, "tokenizer.json", "generate", "--model", model, "--text-prompt", "x"
        )
        self.assert_refused(65, "tokenizer.json", "evaluate", "--model", model, "--text", text)
        prompt = ["--text-prompt", "x"]
        if os.environ.get("TPSCALE_MPIEXEC"):
            self.assert_refused(
                65, "tokenizer.json", "generate", "--model", model, *prompt, ranks=2
            )
        (Path(model) / "tokenizer.json").unlink()
        self.assert_refused(2, "tokenizer.json", "generate", "--model", model, *prompt)
        self.assert_refused(2, "tokenizer.json", "generate", "--model", "tiny", *prompt)

    def test_the_embedded_model_counts_bytes(self) -> None:
        text = "import os\n\n\ndef main() -> None:\n    caf\u00e9 = 1\n" * 3
        score = json.loads(run("evaluate", "--text", self.write("t.py", text), "--json").stdout)
        self.assertEqual(len(score["nll"]), len(text.encode()) - 1)
        self.assertAlmostEqual(
            score["bits_per_byte"], sum(score["nll"]) / len(score["nll"]) / math.log(2)
        )


if __name__ == "__main__":
    unittest.main()
