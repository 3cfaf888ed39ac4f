"""The base tests from outside: their metrics are there and fit one another, and a wrong clock has none."""

from __future__ import annotations

import json
import unittest

from program import Case, run

TINY = [
    *["--model", "tiny", "--num-sequences", "3", "--input-tokens", "24", "--output-tokens", "8"],
    *["--repetitions", "2", "--instrumented-repetitions", "0", "--probe-seconds", "0.02"],
]
LATENCIES = [
    f"{what}_{statistic}_seconds"
    for what in ("ttft", "ttft_queue", "ttft_prefill", "tpot", "itl")
    for statistic in ("p50", "p90", "p99")
]
OF_EXPERIMENT = {
    "throughput": [
        f"{what}_throughput{end}"
        for what in ("prefill", "decode", "output", "total")
        for end in ("", "_per_device")
    ],
    "latency": [*LATENCIES, "total_latency", "generation_speed", "goodput"],
    "memory": [
        *["memory_before_model", "memory_after_weights", "memory_after_kv_cache", "memory_peak"],
        *["memory_weights", "memory_kv_cache", "memory_activations", "memory_other"],
        *["memory_communication", "memory_weights_predicted", "memory_kv_cache_difference"],
    ],
}


class Base(Case):
    def point(self, experiment: str, *arguments: str) -> tuple[int, dict]:
        result = run(
            "run", experiment, "--json", "-o", str(self.folder / experiment), *TINY, *arguments
        )
        self.assertIn(result.returncode, (0, 3), result.stderr)
        points = json.loads(result.stdout)["experiments"][0]["points"]
        self.assertEqual(len(points), 1)
        return result.returncode, points[0]

    def test_each_has_its_metrics_or_says_why_not(self) -> None:
        for experiment, names in OF_EXPERIMENT.items():
            with self.subTest(experiment):
                code, point = self.point(experiment, "--slo", "ttft=100s,tpot=10s")
                failed = [v["name"] for v in point["verdicts"] if not v["passed"]]
                self.assertEqual(code, 3 if failed else 0)
                if failed:  # a busy machine may break a clock's verdict, and no other
                    self.assertTrue(
                        all("wall" in name or name == "plausible" for name in failed), failed
                    )
                    self.assertEqual(point["results"], {})
                else:
                    self.assertLessEqual(set(names), set(point["results"]))

    def test_latencies_fit_one_another(self) -> None:
        _, point = self.point("latency", "--slo", "ttft=100s,tpot=10s")
        if not point["results"]:
            self.skipTest("a busy machine broke a clock's verdict")
        value = {name: metric["value"] for name, metric in point["results"].items()}
        for what in ("ttft", "tpot", "itl"):
            p50, p90, p99 = (value[f"{what}_{p}_seconds"] for p in ("p50", "p90", "p99"))
            self.assertLessEqual(p50, p90 * (1 + 1e-9))
            self.assertLessEqual(p90, p99 * (1 + 1e-9))
        self.assertGreater(value["total_latency"], value["ttft_mean"])
        self.assertIn("few samples", point["results"]["ttft_p99_seconds"]["marks"])

    def test_a_wrong_clock_has_no_figure(self) -> None:
        for experiment in OF_EXPERIMENT:
            with self.subTest(experiment):
                code, point = self.point(experiment, "--inject-bug", "clock")
                self.assertEqual(code, 3)
                self.assertEqual(point["results"], {})

    def test_arrivals_come_back_from_the_trace(self) -> None:
        requests = self.folder / "requests.jsonl"
        sizes = ["--num-sequences", "5", "--input-tokens", "20", "--output-tokens", "3"]
        arrivals = ["--request-rate", "500", "--burstiness", "0.5"]
        told = json.loads(
            run(
                *["workload", "shared-prefix", *sizes, *arrivals],
                *["--vocab-size", "512", "-o", str(requests), "--json"],
            ).stdout
        )
        lines = [json.loads(line) for line in requests.read_text().splitlines()]
        self.assertEqual(lines[0]["arrival_s"], 0)
        self.assertGreater(lines[-1]["arrival_s"], 0)
        dry = ["run", "latency", "--model", "tiny", "--dry-run", "--json"]
        hashes = {
            json.loads(run(*dry, *workload).stdout)["experiments"][0]["points"][0]["parameters"][
                "workload_hash"
            ]
            for workload in (
                ["--workload", "shared-prefix", *sizes, *arrivals],
                ["--trace", str(requests)],
            )
        }
        self.assertEqual(hashes, {told["hash"]})

    def test_refusals_are_one_sentence(self) -> None:
        self.assert_refused(2, "ttft=200ms", "run", "latency", "--model", "tiny", "--slo", "ttft=5")
        self.assert_refused(2, "--request-rate", "workload", "fixed", "--request-rate", "-1")
        self.assert_refused(2, "--burstiness", "workload", "fixed", "--burstiness", "2")
        self.assert_refused(2, "--prefix-share", "workload", "shared-prefix", "--prefix-share", "2")
        self.assert_refused(2, "--max-length", "workload", "random-lengths", "--max-length", "5")


if __name__ == "__main__":
    unittest.main()
