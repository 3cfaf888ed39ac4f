"""The program from outside, under mpirun: ranks that agree, that are interrupted, that die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import unittest

from program import CHECKPOINTS, MPIEXEC, PROGRAM, SMALL, Case, points, run


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
