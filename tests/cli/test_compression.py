"""kv-compression from outside: every method has its figures, what holds is checked, what cannot be is a sentence."""

from __future__ import annotations

import json
import math
import unittest
from typing import Any

from program import MPIEXEC, Case, run

FAST = [
    *["--model", "tiny", "--repetitions", "2", "--probe-seconds", "0.02"],
    *[
        "--num-samples",
        "2",
        "--sample-tokens",
        "60",
        "--input-tokens",
        "40",
        "--output-tokens",
        "8",
    ],
]
METHODS = ["baseline", "streaming_16", "recent_only_16", "fix_size_l2_16", "l2_ratio_0.8"]
EACH = [
    *["ttft_mean", "tpot_mean", "output_throughput", "perplexity", "accuracy", "memory_peak"],
    *["kv_pool", "kv_cache_peak", "cache_tokens_mean", "cache_tokens_max", "cache_tokens_final"],
]


class Measured(Case):
    def points(self, *arguments: str, code: int = 0, ranks: int = 0) -> list[dict[str, Any]]:
        options = ["--method", ",".join(METHODS), "--prune-after", "20", *FAST, *arguments]
        result = run(
            "run", "kv-compression", *options, "--json", "-o", str(self.folder / "out"), ranks=ranks
        )
        self.assertEqual(result.returncode, code, result.stderr + result.stdout)
        return json.loads(result.stdout)["experiments"][0]["points"]


class Compression(Measured):
    def test_every_method_has_its_figures(self) -> None:
        (point,) = self.points()
        found = {name: figure["value"] for name, figure in point["results"].items()}
        for method in METHODS:
            for name in EACH:
                self.assertIn(f"{name}_{method}", found)
            self.assertTrue(math.isfinite(found[f"perplexity_{method}"]))
        self.assertEqual(found["cache_tokens_max_baseline"], 59)
        for method in METHODS[1:4]:
            self.assertEqual(found[f"cache_tokens_final_{method}"], 16)
        self.assertEqual(found["cache_tokens_max_l2_ratio_0.8"], 19)
        for method in METHODS[1:]:
            for name in ("kv_pool", "kv_cache_peak", "memory_peak"):
                self.assertLess(found[f"{name}_{method}"], found[f"{name}_baseline"])
        said = {verdict["name"]: verdict for verdict in point["verdicts"]}
        self.assertEqual(said["baseline predicts as one uncut pass"]["level"], "L2")

    def test_memory_really_falls(self) -> None:
        """12.3 MB of keys and values, or 0.3 of them: the allocator's books and the system's agree."""
        sizes = ["--num-samples", "1", "--sample-tokens", "3001", "--input-tokens", "8"]
        options = ["--model", "tiny", "--dtype", "f32", "--repetitions", "2", *sizes]
        # The one that needs less first: where a peak cannot be reset, the system's only grows.
        methods = ["--method", "streaming_64,baseline", "--output-tokens", "4", "--json"]
        result = run("run", "kv-compression", *options, *methods, "-o", str(self.folder / "out"))
        self.assertEqual(result.returncode, 0, result.stderr)
        (point,) = json.loads(result.stdout)["experiments"][0]["points"]
        for name in ("memory_peak", "device_peak"):
            saved = (
                point["results"][f"{name}_baseline"]["value"]
                - point["results"][f"{name}_streaming_64"]["value"]
            )
            self.assertGreater(saved, 10e6, name)
            self.assertLess(saved, 20e6, name)

    def test_wrong_seconds_take_all_figures_away(self) -> None:
        (point,) = self.points("--inject-bug", "clock", code=3)
        self.assertEqual(point["results"], {})

    def test_a_launch_is_resumed(self) -> None:
        self.points()
        again = self.points("--resume")
        self.assertEqual(len(again), 1)

    def test_what_cannot_be_is_a_sentence(self) -> None:
        text = self.folder / "short.txt"
        text.write_text("too short")
        for options, word in [
            (["--method", "streaming_2"], "--sinks"),
            (
                [*["--model", "tiny"], *["--method", "recent_only_8", "--skip-layers", "0,1,2,3"]],
                "--skip-layers none",
            ),
            (["--model", "embedded", "--text", str(text)], "lower --num-samples"),
            (["--num-samples", "0"], "--num-samples"),
            (["--output-tokens", "1"], "new tokens"),
            (["--model", "gpt2", "--method", "streaming"], "learned positions"),
        ]:
            result = run("run", "kv-compression", *options, "-o", str(self.folder / "no"))
            self.assertEqual(result.returncode, 2, result.stderr + result.stdout)
            self.assertIn(word, result.stderr)
            self.assertFalse(
                (self.folder / "no" / "points").exists()
                and [*(self.folder / "no" / "points").iterdir()]
            )


@unittest.skipUnless(MPIEXEC, "no mpirun in this build")
class CompressionOnRanks(Measured):
    def test_every_degree_predicts_alike(self) -> None:
        points = self.points("--tp", "1,2,4", "--dtype", "f32", ranks=4)
        self.assertEqual(len(points), 3)
        for method in METHODS:
            values = [point["results"][f"perplexity_{method}"]["value"] for point in points]
            self.assertLess(max(values) / min(values) - 1, 1e-4)


if __name__ == "__main__":
    unittest.main()
