"""The ablations and the self-test from outside: verdicts, figures that must be there, bugs that must be found."""

from __future__ import annotations

import json
import unittest
from typing import Any

from program import MPIEXEC, Case, run

FAST = ["--model", "tiny", "--repetitions", "2", "--probe-seconds", "0.02", "--json"]


def figures(point: dict[str, Any]) -> dict[str, float]:
    return {name: figure["value"] for name, figure in point["results"].items()}


class Measured(Case):
    def points(self, *arguments: str, code: int = 0, ranks: int = 0) -> list[dict[str, Any]]:
        result = run("run", *arguments, *FAST, "-o", str(self.folder / "out"), ranks=ranks)
        self.assertEqual(result.returncode, code, result.stderr + result.stdout)
        return json.loads(result.stdout)["experiments"][0]["points"]


class Ablations(Measured):
    def test_the_prefix_cache_saves_what_was_predicted(self) -> None:
        points = self.points(
            "prefix-cache", "--shared-shares", "0", "--prefix-shares", "50", "--block-sizes", "64"
        )
        self.assertEqual(len(points), 4)
        for point in points:
            found = figures(point)
            self.assertEqual(found["cache_hit_rate"], found["predicted_cache_hit_rate"])
            self.assertAlmostEqual(found["compute_saved"], found["predicted_compute_saved"])
            self.assertEqual("cost_without_hits" in found, found["hits"] == 0)
        self.assertGreater(figures(points[0])["compute_saved"], 0.3)
        self.assertEqual(figures(points[1])["compute_saved"], 0.0)

    def test_the_plans_example_is_the_full_profile(self) -> None:
        result = run("run", "prefix-cache", "--model", "tiny", "--profile", "full", "--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("51200", result.stdout)

    def test_positions_displaced_after_a_hit_are_found(self) -> None:
        points = self.points(
            "prefix-cache",
            *["--inject-bug", "prefix-position", "--shared-shares", "70"],
            *["--prefix-shares", "80", "--block-sizes", "16"],
            code=3,
        )
        self.assertEqual(len(points), 1)
        self.assertEqual(points[0]["results"], {})
        failed = [verdict for verdict in points[0]["verdicts"] if not verdict["passed"]]
        self.assertTrue(any("token equality" in verdict["name"] for verdict in failed), failed)

    def test_schedulers_serve_the_same_tokens_with_and_without_room(self) -> None:
        points = self.points("scheduler", "--num-sequences", "12")
        self.assertEqual(
            [
                (point["parameters"]["load_per_cent"], point["parameters"]["pool"])
                for point in points
            ],
            [(0, "enough"), (70, "enough"), (0, "small")],
        )
        for point in points:
            said = {verdict["name"]: verdict["sentence"] for verdict in point["verdicts"]}
            steps = said["steps as the scheduler's name says, separated"]
            self.assertTrue(steps.startswith("0 of "), steps)
            found = figures(point)
            for name in (
                "improvement_vs_mixed",
                "ttft_p50_seconds_mixed",
                "tpot_p99_seconds_separated",
            ):
                self.assertIn(name, found)
        self.assertGreater(figures(points[2])["preemptions_separated"], 0)
        self.assertGreater(figures(points[2])["preemptions_mixed"], 0)
        self.assertEqual(figures(points[0])["preemptions_separated"], 0)
        offline = {verdict["name"]: verdict["sentence"] for verdict in points[0]["verdicts"]}
        mixed = offline["steps as the scheduler's name says, mixed"]
        self.assertFalse(mixed.startswith("0 of "), mixed)

    def test_a_wrong_token_of_one_arm_withdraws_the_figures(self) -> None:
        points = self.points(
            "scheduler", "--load", "0", "--inject-bug", "tokens", "--num-sequences", "8", code=3
        )
        self.assertEqual(points[0]["results"], {})

    def test_the_measuring_tests_itself(self) -> None:
        (point,) = self.points("selftest")
        found = figures(point)
        for name in ("difference", "injected_difference", "false_alarms", "detections"):
            self.assertIn(name, found)
        names = {verdict["name"] for verdict in point["verdicts"]}
        self.assertLessEqual({"an arm equals itself", "the injected delay is found"}, names)

    def test_refusals_come_before_any_work(self) -> None:
        for arguments, said in (
            (["prefix-cache", "--shared-shares", "101"], "--shared-shares takes per cent"),
            (["scheduler", "--load", "-1"], "--load takes per cent"),
            (["scheduler", "--slo", "ttft=fast"], "ttft"),
            (["run-fast"], "no experiment 'run-fast'"),
            (["all", "--profile", "huge"], "--profile is default, smoke or full"),
        ):
            result = run("run", *arguments, "--model", "tiny", "-o", str(self.folder / "refused"))
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(said, result.stderr)


@unittest.skipUnless(MPIEXEC, "no mpirun")
class AblationsOnRanks(Measured):
    """Arrivals and pools are rank 0's to decide; every rank must serve the same."""

    def test_schedulers_with_arrivals_on_every_degree(self) -> None:
        points = self.points("scheduler", "--tp", "1,2", "--num-sequences", "8", ranks=2)
        self.assertEqual([point["parameters"]["tp"] for point in points], [1, 1, 1, 2, 2, 2])
        for point in points:
            self.assertTrue(all(verdict["passed"] for verdict in point["verdicts"]))

    def test_positions_displaced_after_a_hit_are_found(self) -> None:
        points = self.points(
            *["prefix-cache", "--tp", "2", "--inject-bug", "prefix-position"],
            *["--shared-shares", "70", "--prefix-shares", "80", "--block-sizes", "16"],
            ranks=2,
            code=3,
        )
        self.assertEqual([point["results"] for point in points], [{}])


if __name__ == "__main__":
    unittest.main()
