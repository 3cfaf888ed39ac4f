"""The program from outside: what it prints, how it ends, which files it leaves.

TPSCALE is the program, TPSCALE_FIXTURES the small checkpoints, TPSCALE_MPIEXEC mpirun (absent: skipped).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = os.environ["TPSCALE"]
FIXTURES = Path(os.environ["TPSCALE_FIXTURES"])
MPIEXEC = os.environ.get("TPSCALE_MPIEXEC", "")
CHECKPOINTS = ["llama2-f32", "llama3-bf16-sharded", "qwen3-bf16"]
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
        self.assert_refused(2, "byte-level", "generate", "--model", "tiny", "--text-prompt", "x")
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

    def test_a_run_of_text_judges_the_model_too(self) -> None:
        text = self.folder / "text.py"
        text.write_text("def add(a, b):\n\treturn a + b\n\n\n" * 40)
        result = run(
            *[
                "run",
                "strong-scaling",
                "--text",
                str(text),
                "--input-tokens",
                "200",
                "--output-tokens",
                "4",
            ],
            *[
                "--repetitions",
                "2",
                "--instrumented-repetitions",
                "1",
                "--probe-seconds",
                "0.02",
            ],
            *["--json", "-o", str(self.folder / "out")],
        )
        point = json.loads(result.stdout)["experiments"][0]["points"][0]
        self.assertEqual(point["status"], "measured")
        if all(verdict["passed"] for verdict in point["verdicts"]):
            self.assertGreater(point["results"]["perplexity"]["value"], 1.0)

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


@unittest.skipUnless(MPIEXEC, "no mpirun")
class Ranks(Case):
    def test_refusals_are_said_once(self) -> None:
        self.assert_refused(
            2,
            "16 attention heads",
            "run",
            "strong-scaling",
            "--tp",
            "3",
            "--model",
            "qwen3-0.6b",
            ranks=2,
        )
        self.assert_refused(
            66,
            "nowhere",
            "generate",
            "--model",
            "nowhere",
            "--prompt-ids",
            "1",
            ranks=4,
        )
        self.assert_refused(
            69,
            "mpirun -n 4",
            "run",
            "strong-scaling",
            "--tp",
            "4",
            "--model",
            "tiny",
            ranks=2,
        )

    def test_generates_the_tokens_of_the_fixtures(self) -> None:
        for ranks in (2, 4):
            for name in CHECKPOINTS:
                self.assert_generates(name, ranks)

    def test_one_launch_measures_every_degree_and_resumes(self) -> None:
        out = self.folder / "out"
        experiments = [
            "run",
            "strong-scaling",
            "weak-scaling",
            "--dtype",
            "f32",
            *SMALL,
            "-o",
            str(out),
        ]
        result = run(*experiments, "--json", ranks=4)
        report = json.loads(result.stdout)
        self.assertIn(
            result.returncode, (0, 3), result.stderr
        )  # 3: a busy machine may break a clock's verdict
        for experiment in report["experiments"]:
            measured = experiment["points"]
            self.assertEqual([point["parameters"]["tp"] for point in measured], [1, 2, 4, 1])
            for point in measured:
                equality = point["verdicts"][0]
                self.assertTrue(equality["passed"], equality["sentence"])
                self.assertIn(equality["level"], ("L0", "L1"))
        published = points(out)
        self.assertEqual(len(published), 8)
        self.assertTrue((out / "results.h5").exists())

        self.assertEqual(
            run(*experiments, ranks=4).returncode,
            2,
            "a folder with points needs --resume",
        )
        lost = sorted(published)[3]
        (out / "points" / lost).unlink()
        stamps = {path.name: path.stat().st_mtime_ns for path in (out / "points").glob("*.h5")}
        self.assertIn(run(*experiments, "--resume", ranks=4).returncode, (0, 3))
        self.assertEqual(points(out), published)
        for name, stamp in stamps.items():
            self.assertEqual((out / "points" / name).stat().st_mtime_ns, stamp, "measured again")

    def test_a_wrong_token_fails_the_verdict(self) -> None:
        out = self.folder / "out"
        result = run(
            "run",
            "strong-scaling",
            "--dtype",
            "f32",
            "--inject-bug",
            "tokens",
            "--json",
            "-o",
            str(out),
            *SMALL,
            ranks=2,
        )
        self.assertEqual(result.returncode, 3, result.stderr)
        base, other, _ = json.loads(result.stdout)["experiments"][0]["points"]
        self.assertTrue(base["verdicts"][0]["passed"])
        self.assertFalse(other["verdicts"][0]["passed"])
        self.assertEqual(other["results"], {})

    def test_info_measures_the_all_reduce(self) -> None:
        info = json.loads(run("info", "--probe-seconds", "0.02", "--json", ranks=2).stdout)
        self.assertGreater(info["measured"]["read_bandwidth"], 0)
        self.assertGreater(info["measured"]["all_reduce"][0]["seconds"], 0)


@unittest.skipUnless(MPIEXEC, "no mpirun")
class Interrupted(Case):
    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A launch that has published its first point and is at work on the next."""
        self.out = self.folder / "out"
        small = [*SMALL]
        small[small.index("--repetitions") + 1] = "1500"
        process = subprocess.Popen(
            [
                MPIEXEC,
                "-n",
                "2",
                PROGRAM,
                "run",
                "strong-scaling",
                "-o",
                str(self.out),
                *small,
                *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        for _ in range(600):
            if self.out.exists() and points(self.out):
                return process
            self.assertIsNone(process.poll(), "it ended before it was interrupted")
            time.sleep(0.05)
        process.kill()
        raise AssertionError("no point in 30 s")

    def test_usr1_ends_with_75_and_resume_completes(self) -> None:
        process = self.start()
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=60)
        kept = points(self.out)
        self.assertEqual(process.returncode, 75)
        self.assertTrue((self.out / "results.h5").exists())
        result = run("run", "strong-scaling", "-o", str(self.out), "--resume", *SMALL, ranks=2)
        self.assertIn(result.returncode, (0, 3), result.stderr)
        self.assertLessEqual(kept, points(self.out))
        self.assertEqual(len(points(self.out)), 3)

    def test_a_killed_rank_ends_the_launch_and_keeps_the_points(self) -> None:
        process = self.start()
        kept = points(self.out)
        children = subprocess.run(
            ["pgrep", "-P", str(process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        os.kill(int(children.stdout.split()[-1]), signal.SIGKILL)
        process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        self.assertLessEqual(kept, points(self.out))


if __name__ == "__main__":
    unittest.main()
