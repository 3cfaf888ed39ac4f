"""Every experiment at smoke size on virtual GPUs: verdicts, what is stored, and that no figure is."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Any

import h5py
from virtual_program import SMOKE, VirtualCase

from program import sentences


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def kept(path: Path) -> dict[str, Any]:
    """A stored point's attributes by group, and its marks."""
    with h5py.File(path) as file:
        point = {
            name: dict(file[name].attrs)
            for name in ("hardware", "provenance", "conditions", "parameters")
        }
        point["marks"] = [text(mark) for mark in file.attrs["marks"]]
        point["status"] = text(file.attrs["status"])
        point["experiment"] = text(file.attrs["test_name"])
        point["results"] = [*file["results"].attrs, *file["results"]]
        point["verdicts"] = [dict(file["verdicts"][name].attrs) for name in file["verdicts"]]
        return point


class Measuring(VirtualCase):
    def measure(
        self, experiments: list[str], *options: str, ranks: int, devices: int
    ) -> list[dict[str, Any]]:
        out = self.folder / "out"
        result = self.start(
            "run",
            *experiments,
            *SMOKE,
            *options,
            "--json",
            "-o",
            str(out),
            ranks=ranks,
            devices=devices,
        )
        self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
        self.assertEqual(len(json.loads(result.stdout)["experiments"]), len(experiments))
        points = [kept(path) for path in sorted((out / "points").glob("*.h5"))]
        self.assertEqual({point["experiment"] for point in points}, set(experiments))
        for point in points:
            self.assertEqual(point["status"], "measured")
            self.assertIn("virtual", point["marks"])
            self.assertEqual(point["results"], [], "a figure of a virtual device")
            self.assertFalse(
                {"read_bandwidth", "gemm_rate", "multiply_add_peak"} & set(point["hardware"])
            )
            self.assertTrue(text(point["hardware"]["device_name"]).startswith("Virtual GPU"))
            self.assertTrue(point["verdicts"])
            for verdict in point["verdicts"]:
                self.assertTrue(verdict["passed"], text(verdict["sentence"]))
        return points


class Experiments(Measuring):
    def degrees(self, experiment: str) -> None:
        points = self.measure([experiment], "--tp", "1,2,4,8", ranks=8, devices=8)
        self.assertEqual({int(point["parameters"]["tp"]) for point in points}, {1, 2, 4, 8})
        for point in points:
            names = [name for name in point["provenance"] if name.startswith("communicator_")]
            self.assertTrue(
                names or int(point["parameters"]["tp"]) == 1, "no facts of the communicator"
            )

    def test_strong_scaling(self) -> None:
        self.degrees("strong-scaling")

    def test_weak_scaling(self) -> None:
        self.degrees("weak-scaling")

    def test_graphs_of_several_ranks(self) -> None:
        points = self.measure(["cuda-graph"], "--tp", "1,2,8", ranks=8, devices=8)
        self.assertEqual(len(points), 6)

    def test_base_tests_and_ablations(self) -> None:
        names = ["throughput", "latency", "memory", "prefix-cache", "scheduler", "selftest"]
        points = self.measure(
            names,
            *[
                "--load",
                "0",
                "--shared-shares",
                "70",
                "--prefix-shares",
                "80",
                "--block-sizes",
                "16",
            ],
            *["--min-length", "4", "--max-length", "12", "--tp", "2"],
            ranks=2,
            devices=2,
        )
        self.assertGreaterEqual(len(points), len(names))

    def test_compression(self) -> None:
        methods = "baseline,streaming_8,recent_only_8,fix_size_l2_8,l2_ratio_0.7"
        sizes = ["--num-samples", "1", "--sample-tokens", "16"]
        self.measure(
            ["kv-compression"],
            *["--method", methods, "--prune-after", "10", "--tp", "2", *sizes],
            ranks=2,
            devices=2,
        )

    def test_paged_memory(self) -> None:
        self.measure(
            ["paged-memory"], "--min-length", "4", "--max-length", "12", ranks=1, devices=1
        )

    def test_transfers_of_the_cache(self) -> None:
        blocks = ["--block-size", "4"]  # that the short prompts fill
        sizes = ["--transfer-tokens", "32", "--piece-bytes", "4096"]
        self.measure(["kv-transfer"], *blocks, *sizes, ranks=1, devices=1)

    def test_shard_replay(self) -> None:
        self.measure(["shard-replay"], "--shard-of", "2,8", ranks=1, devices=1)
        self.damage_the_cache_and_ask()

    def damage_the_cache_and_ask(self) -> None:
        """A damaged cache of timings costs a sentence; a virtual device has no rates to tell."""
        files = [*(self.folder / "cache" / "tpscale").glob("linear-*.txt")]
        self.assertEqual(len(files), 1)
        files[0].write_text("something else")
        result = self.start("info", "--backend", "cuda", "--json", devices=1)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(sentences(result)), 1, result.stderr)
        self.assertIn("is damaged and was not used", sentences(result)[0])
        self.assertEqual([*json.loads(result.stdout)["measured"]], ["absent"])


class SharedDevice(Measuring):
    def test_two_ranks_take_turns(self) -> None:
        points = self.measure(["strong-scaling"], "--tp", "2", ranks=2, devices=1)
        for point in points:
            self.assertIn("oversubscribed", point["marks"])
            self.assertTrue(point["conditions"]["oversubscribed"])

    def test_steps_with_messages_through_the_host_cannot_be_recorded(self) -> None:
        out = self.folder / "out"
        result = self.start(
            "run", "cuda-graph", *SMOKE, "--tp", "2", "-o", str(out), ranks=2, devices=1
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        points = [kept(path) for path in (out / "points").glob("*.h5")]
        self.assertEqual([point["status"] for point in points], ["not_available"] * 2)


if __name__ == "__main__":
    unittest.main()
