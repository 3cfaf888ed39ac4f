"""The program from outside, alone: what it prints, how it ends, which files it leaves."""

from __future__ import annotations

import json
import unittest
from typing import Any

from program import CHECKPOINTS, FIXTURES, SMALL, Case, points, run


class Alone(Case):
    def test_lists_what_there_is(self) -> None:
        listed = json.loads(run("list", "--json").stdout)
        self.assertLessEqual({"strong-scaling", "weak-scaling"}, set(listed["experiments"]))
        self.assertLessEqual({"tiny", "embedded", "qwen3-0.6b"}, set(listed["models"]))
        self.assertIn("cpu", listed["backends"])
        self.assertIn("strong-scaling", run("list").stdout)

    def test_refusals_have_one_sentence_and_their_exit_code(self) -> None:
        self.assert_refused(
            2,
            "16 attention heads",
            "run",
            "strong-scaling",
            "--tp",
            "3",
            "--model",
            "qwen3-0.6b",
        )
        self.assert_refused(66, "nowhere", "run", "strong-scaling", "--model", "nowhere")
        self.assert_refused(2, "no experiment", "run", "nonsense", "--model", "nowhere")
        self.assert_refused(2, "--tp", "run", "strong-scaling", "--tp", "two")
        self.assert_refused(2, "bogus", "run", "strong-scaling", "--bogus")
        self.assert_refused(
            69, "mpirun -n 8", "run", "strong-scaling", "--tp", "8", "--model", "tiny"
        )
        self.assert_refused(2, "tokenizer", "generate", "--model", "tiny", "--text-prompt", "x")
        self.assert_refused(2, "0 to 255", "generate", "--prompt-ids", "1,256")
        listed = json.loads(run("list", "--json").stdout)
        if "cuda" not in listed["backends"]:
            self.assert_refused(
                69,
                "cuda",
                "run",
                "strong-scaling",
                "--backend",
                "cuda",
                "--model",
                "tiny",
            )

    def test_a_damaged_checkpoint_is_bad_data(self) -> None:
        (self.folder / "config.json").write_text("{")
        self.assert_refused(
            65,
            "config.json",
            "generate",
            "--model",
            str(self.folder),
            "--prompt-ids",
            "1",
        )

    def test_generates_the_tokens_of_the_fixtures(self) -> None:
        for name in CHECKPOINTS:
            self.assert_generates(name, ranks=0)

    def test_evaluates_as_the_fixtures_say(self) -> None:
        expected = json.loads((FIXTURES / "llama2-f32" / "expected.json").read_text())
        ids = self.folder / "ids.txt"
        ids.write_text(" ".join(str(token) for token in expected["token_ids"]))
        result = run(
            "evaluate",
            "--model",
            str(FIXTURES / "llama2-f32"),
            "--token-ids",
            str(ids),
            "--json",
        )
        scores = json.loads(result.stdout)
        self.assertEqual(len(scores["nll"]), len(expected["nll"]))
        for got, wanted in zip(scores["nll"], expected["nll"], strict=True):
            self.assertAlmostEqual(got, wanted, delta=1e-4)
        self.assertAlmostEqual(
            scores["perplexity"],
            expected["perplexity"],
            delta=1e-3 * expected["perplexity"],
        )
        self.assertAlmostEqual(scores["accuracy"], expected["accuracy"], places=6)
        self.assertNotIn("bits_per_byte", scores)

    def test_the_embedded_model_writes_text(self) -> None:
        result = run("generate", "--text-prompt", "def main(", "--max-new-tokens", "24", "--json")
        generated = json.loads(result.stdout)
        self.assertEqual(len(generated["token_ids"]), 24)
        self.assertEqual(
            generated["text"], bytes(generated["token_ids"]).decode("utf-8", "replace")
        )
        text = self.folder / "text.py"
        text.write_text("import os\n\n\ndef main():\n\treturn os.getcwd()\n" * 100)
        scores = json.loads(run("evaluate", "--text", str(text), "--json").stdout)
        self.assertEqual(
            len(scores["nll"]),
            len(text.read_bytes()) - 1,
            "also beyond the model's context",
        )
        self.assertLess(scores["bits_per_byte"], 4.0)

    def test_a_workload_goes_out_and_comes_back(self) -> None:
        requests = self.folder / "requests.jsonl"
        sizes = [
            "--num-sequences",
            "2",
            "--input-tokens",
            "16",
            "--output-tokens",
            "4",
            "--vocab-size",
            "512",
        ]
        summary = json.loads(run("workload", "fixed", *sizes, "-o", str(requests), "--json").stdout)
        self.assertEqual(summary["input_tokens"], 32)
        hashes = set()
        for workload in (
            ["--num-sequences", "2", "--input-tokens", "16", "--output-tokens", "4"],
            ["--trace", str(requests)],
        ):
            result = run(
                "run",
                "strong-scaling",
                "--model",
                "tiny",
                "--dry-run",
                "--json",
                *workload,
            )
            point = json.loads(result.stdout)["experiments"][0]["points"][0]
            hashes.add(point["parameters"]["workload_hash"])
        self.assertEqual(hashes, {summary["hash"]})

    def test_a_dry_run_leaves_nothing(self) -> None:
        out = self.folder / "out"
        result = run(
            "run",
            "strong-scaling",
            "--tp",
            "1,2,4,8",
            "--dry-run",
            "-o",
            str(out),
            *SMALL,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("5 points", result.stdout)
        self.assertFalse(out.exists())

    def test_a_configuration_file_says_the_same(self) -> None:
        config = self.folder / "run.toml"
        config.write_text('model = "tiny"\ntp = [1, 2]\nnum-sequences = 3\n')
        result = run("run", "strong-scaling", "--dry-run", "--json", "--config", str(config))
        measured = json.loads(result.stdout)["experiments"][0]["points"]
        self.assertEqual([point["parameters"]["tp"] for point in measured], [1, 2, 1])
        self.assertEqual(measured[0]["parameters"]["num_sequences"], 3)
        self.assertEqual({point["status"] for point in measured}, {"planned"})
        one, two = (point["results"]["kv_cache"]["value"] for point in measured[:2])
        self.assertEqual(one, 2 * two)

    def test_a_dry_run_plans_for_a_device_that_is_elsewhere(self) -> None:
        result = run(
            "run", "latency", "--model", "tiny", "--dry-run", "--json", "--backend", "cuda"
        )
        if "is not in this build" in result.stderr:
            self.skipTest("this build has no CUDA")
        point = json.loads(result.stdout)["experiments"][0]["points"][0]
        self.assertEqual(point["parameters"]["backend"], "cuda")

    def judged(self, *arguments: str) -> dict[str, Any]:
        """The first point of a small run of the embedded model."""
        fast = ["--repetitions", "2", "--instrumented-repetitions", "1", "--probe-seconds", "0.02"]
        result = run("run", *arguments, *fast, "--json", "-o", str(self.folder / "out"))
        self.assertEqual(result.stdout[:1], "{", result.stderr)
        point: dict[str, Any] = json.loads(result.stdout)["experiments"][0]["points"][0]
        self.assertEqual(point["status"], "measured")
        return point

    def test_a_run_of_text_judges_the_model_too(self) -> None:
        text = self.folder / "text.py"
        text.write_text("def add(a, b):\n\treturn a + b\n\n\n" * 40)
        sizes = ["--input-tokens", "200", "--output-tokens", "4"]
        point = self.judged("strong-scaling", "--text", str(text), *sizes)
        self.assertEqual(point["parameters"]["workload"], "text")
        if all(verdict["passed"] for verdict in point["verdicts"]):
            self.assertGreater(point["results"]["perplexity"]["value"], 1.0)
            self.assertLess(point["results"]["perplexity"]["value"], 10.0)
            self.assertLess(point["results"]["bits_per_byte"]["value"], 3.0)

    def test_the_embedded_model_is_judged_whatever_it_serves(self) -> None:
        sizes = ["--num-sequences", "4", "--min-length", "8", "--max-length", "16"]
        point = self.judged("scheduler", *sizes, "--load", "0")
        self.assertEqual(point["parameters"]["workload"], "random-lengths")
        self.assertIn("text_hash", point["parameters"])
        if all(verdict["passed"] for verdict in point["verdicts"]):
            self.assertLess(point["results"]["perplexity"]["value"], 20.0)
            self.assertGreater(point["results"]["accuracy"]["value"], 0.2)

    def test_a_failed_verdict_is_exit_3_without_figures(self) -> None:
        out = self.folder / "out"
        result = run(
            "run",
            "strong-scaling",
            "--inject-bug",
            "clock",
            "--json",
            "-o",
            str(out),
            *SMALL,
        )
        self.assertEqual(result.returncode, 3, result.stderr)
        report = json.loads(result.stdout)
        self.assertFalse(report["verdicts_passed"])
        self.assertEqual(report["experiments"][0]["points"][0]["results"], {})
        self.assertEqual(len(points(out)), 1)


if __name__ == "__main__":
    unittest.main()
