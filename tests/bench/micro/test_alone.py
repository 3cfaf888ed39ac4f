"""Every family of one process: it runs, and says what it did."""

from __future__ import annotations

import unittest

from micro_program import (
    REPORT,
    SMALL,
    Case,
    entries,
    families,
    interrupted_after_a_point,
    points,
    run,
)

OPS = {
    "row": {
        *["add", "add_embedding", "add_layer_norm", "add_rms_norm", "argmax", "embedding"],
        *["feed_tokens", "gather_rows", "gelu_erf", "gelu_tanh", "layer_norm", "rms_norm"],
        "silu_and_mul",
    },
    "fused": {
        *["add_rms_norm_linear", "linear_silu_and_mul", "add_rms_norm_linear_silu_and_mul"],
    },
    "linear": {"qkv", "o", "gate_up", "down", "head", "model"},
    "attention": {"decode", "prefill"},
    "cached": {"rope_and_store_kv", "key_norms", "drop_tokens", "rotate_keys"},
    "kv_copy": {"d2h", "h2d"},
    "block_manager": {
        *["allocate_release", "grow_release", "allocate_publish_flush", "allocate_hit_release"],
    },
    "scheduler": {"separated", "mixed"},
    "safetensors": {"plain_read", "read_tensors", "load_weights"},
    "store": {"publish"},
}
COUNTERS = {
    "linear": ["flops", "of_peak", "bytes", "of_read"],
    "fused": ["flops", "of_peak", "copies"],
    "attention": ["flops", "bytes"],
    "cached": ["bytes", "of_read"],
    "kv_copy": ["bytes"],
    "block_manager": ["blocks"],
    "scheduler": ["steps"],
    "safetensors": ["bytes"],
    "store": ["points"],
}


class Alone(Case):
    def test_every_family_runs_and_counts(self) -> None:
        found = self.measured(*SMALL, "--benchmark_filter=-tokenize")
        self.assertEqual(families(found), set(OPS))
        for family, ops in OPS.items():
            mine = {name.split("/")[1] for name in found if name.startswith(f"{family}/")}
            self.assertEqual(mine, ops, family)
        for name, entry in found.items():
            for counter in COUNTERS.get(name.split("/")[0], []):
                self.assertGreater(entry[counter], 0, name)

    def test_names_say_shape_degree_and_dtype(self) -> None:
        found = run("--benchmark_list_tests", "--tp", "2", "--dtype", "f32,f16", "--threads", "1")
        names = found.stdout.split()
        for start in (
            "linear/qkv/qwen3-0.6b/tp:2/rows:8/f32/packed/threads:1",
            "row/rms_norm/qwen3-0.6b/tp:2/rows:512/f16/threads:1",
            "attention/decode/qwen3-0.6b/tp:2/sequences:8/context:1024/block:16/f32",
        ):
            self.assertTrue(any(name.startswith(start) for name in names), start)
        self.assertLess(len(run("--benchmark_list_tests").stdout.split()), 200)

    def test_a_gelu_model_has_no_gated_layer(self) -> None:
        names = run("--benchmark_list_tests", "--model", "gpt2", "--tp", "4").stdout
        self.assertIn("linear/up/gpt2/tp:4", names)
        self.assertNotIn("gate_up", names)
        self.assertNotIn("silu_and_mul/gpt2/tp:4/rows:1/bf16/packed", names)

    def test_a_layer_s_time_is_that_of_one_copy_of_many(self) -> None:
        chosen = ["--tp", "8", "--rows", "2", "--probe-seconds", "0.001", "--threads", "1"]
        run_once = "--benchmark_min_time=0.000001"
        found = self.measured(*chosen, "--benchmark_filter=linear/(qkv|head)/", run_once)
        self.assertEqual(len(found), 2)
        scale = {"us": 1e-6, "ms": 1e-3}
        for name, entry in found.items():
            outs = 512 if "/qkv/" in name else 151936 // 8
            seconds = entry["real_time"] * scale[entry["time_unit"]]
            self.assertAlmostEqual(entry["bytes"] * seconds / (2 * outs * 1024), 1, places=3)
            self.assertAlmostEqual(entry["flops"] * seconds / (2 * 2 * outs * 1024), 1, places=3)
            # more than half a GiB, also where the model has the layer once
            self.assertEqual(entry["copies"], (512 << 20) // (2 * outs * 1024) + 1)

    def test_every_dtype_is_computed(self) -> None:
        chosen = ["--dtype", "f32,bf16,f16", "--benchmark_filter=linear/o|attention|row/rms_norm"]
        found = self.measured(*SMALL, *chosen)
        for dtype in ("f32", "bf16", "f16"):
            self.assertTrue(any(f"/{dtype}/" in name for name in found), dtype)

    def test_refusals_are_one_sentence(self) -> None:
        for arguments, text in (
            (["--nonsense"], "is no option"),
            (["--rows", "x"], "whole numbers"),
            (["--rows", "0"], "from 1 to"),
            (["--model", "none"], "is not a preset"),
            (["--model", "qwen3-0.6b", "--tp", "3"], "3"),
            (["--dtype", "f8"], "f8"),
            (["--rows"], "wants"),
            (["--benchmark_nonsense"], "no option of Google Benchmark"),
            (["--benchmark_format=xml"], "does not take"),
            (["--benchmark_repetitions=0"], "at least 1"),
            (["--benchmark_filter=["], "no regular expression"),
            (["--benchmark_filter=all_reduce"], "under mpirun only"),
            (["--store", "x", "--benchmark_report_aggregates_only"], "every repetition"),
        ):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2, result.stderr)
            said = [line for line in result.stderr.splitlines() if line]
            self.assertEqual(len(said), 1, result.stderr)
            self.assertIn(text, said[0])
        for words in (["--scratch", "none"], ["--benchmark_out=none/x"]):
            result = run(*[word.replace("none", str(self.folder / "none")) for word in words])
            self.assertEqual(result.returncode, 74, result.stderr)

    def test_nothing_is_stored_where_nothing_matches(self) -> None:
        out = self.folder / "out"
        result = run("--benchmark_filter=nothing", "--store", str(out))
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertFalse(out.exists())

    def test_a_full_disk_is_74_and_no_figure(self) -> None:
        scratch, out = self.folder / "scratch", self.folder / "out"
        scratch.mkdir()
        for words in (
            ["--benchmark_filter=plain_read"],
            ["--benchmark_filter=plain_read", "--benchmark_repetitions=2"],
            ["--benchmark_filter=read_tensors", "--benchmark_repetitions=4", "--store", str(out)],
        ):
            chosen = [*SMALL, "--scratch", str(scratch), *words]
            result = run(*chosen, file_bytes=1 << 20)
            self.assertEqual(result.returncode, 74, result.stderr)
            self.assertIn("cannot be written", result.stderr)
            self.assertNotIn("safetensors", result.stdout)
            self.assertEqual(list(scratch.iterdir()), [])

    def test_a_signal_keeps_the_finished_benchmarks(self) -> None:
        scratch, out, file = (self.folder / name for name in ("scratch", "out", "micro.json"))
        scratch.mkdir()
        # so long that the signal comes before the end: the rest is not waited for
        words = [*SMALL, "--benchmark_filter=row|safetensors", "--benchmark_min_time=0.2"]
        words += ["--scratch", str(scratch), f"--benchmark_out={file}", "--benchmark_format=json"]
        result = interrupted_after_a_point(out, *words)
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertIn("interrupted", result.stderr)
        self.assertEqual(list(scratch.iterdir()), [])
        self.assertTrue((out / "results.h5").exists())
        finished = {
            name
            for name, entry in entries(file.read_text()).items()
            if not entry.get("error_occurred")
        }
        self.assertEqual(len(points(out)), len(finished))
        self.assertLessEqual(finished, set(entries(result.stdout)))

    def test_what_does_not_fit_is_skipped_and_says_so(self) -> None:
        chosen = ["--model", "llama-2-13b", "--dtype", "f32", "--rows", "1"]
        out = self.folder / "out"
        words = ["--benchmark_filter=linear/model", "--benchmark_format=json", "--store", str(out)]
        words += ["--benchmark_repetitions=1"]
        result = run(*chosen, *words)
        self.assertEqual(result.returncode, 0, result.stderr)
        (entry,) = entries(result.stdout).values()
        (point,) = points(out)
        if entry.get("error_occurred"):  # 52 GB: not on a machine that has them
            self.assertIn("B are free", entry["error_message"])
            self.assertIn(b"out_of_memory", point.read_bytes())

    @unittest.skipUnless(REPORT, "no environment for tpscale-report")
    def test_the_report_reads_what_is_stored_and_what_is_written(self) -> None:
        out, file = self.folder / "out", self.folder / "micro.json"
        chosen = ["--benchmark_filter=block_manager|row/add/", "--benchmark_repetitions=3"]
        stored = ["--store", str(out), f"--benchmark_out={file}"]
        found = self.measured(*SMALL, *chosen, *stored)
        self.assertEqual(len(list((out / "points").glob("*.h5"))), len(found))
        record = self.reported(out, file)
        self.assertEqual(len(record["tests"]), 2 * len(found))
        for test in record["tests"]:
            self.assertEqual(test["test_name"], "micro")
            self.assertEqual(test["results"]["seconds"]["samples"], 3)
        again = run(*SMALL, "--store", str(out))
        self.assertEqual(again.returncode, 2, again.stderr)


if __name__ == "__main__":
    unittest.main()
