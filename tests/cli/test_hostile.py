"""The program from outside: names and files that mean harm, and a secret that must stay one."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import unittest
from pathlib import Path

from figures import WHOLE, Figure
from program import FIXTURES, MPIEXEC, PROGRAM, SMALL, Case, points, sentences

PROJECT = FIXTURES.parents[1]
REPORT = Path(PROGRAM).parent / "tpscale-report"
NAME = (
    "a\"'\n<script>alert(1)<!--$(touch pwned)`touch pwned`;touch pwned;&|>pwned"
    " %s%n\\x1b[31m\x1b[31m,{{7*7}}\u202e\u00e4 #.json"
)
MEASURE = ["run", "strong-scaling", *SMALL[SMALL.index("--num-sequences") :]]


class Names(Case):
    def setUp(self) -> None:
        super().setUp()
        self.model = self.folder / NAME
        shutil.copytree(FIXTURES / "llama2-f32", self.model)
        self.out = self.folder / f"out {NAME}"

    def run_here(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=self.folder,
            env={**os.environ, **environment},
        )
        self.assertEqual([path for path in self.folder.rglob("*") if path.name == "pwned"], [])
        return result

    def assert_plain(self, text: str) -> None:
        """A terminal obeys nothing of it."""
        self.assertEqual(
            re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), [], text
        )

    def test_stay_text_in_every_file(self) -> None:
        figure = Figure("hostile names", "program")
        arguments = [*MEASURE, "--model", str(self.model), "-o", str(self.out)]
        result = self.run_here(PROGRAM, *arguments, "--json")
        self.assertIn(result.returncode, (0, 3), result.stderr)
        for line in result.stderr.splitlines():
            self.assertTrue(line.startswith("tpscale: "), line)
        self.assert_plain(result.stderr)
        said = json.loads(result.stdout)
        self.assertEqual(
            said["experiments"][0]["points"][0]["parameters"]["model"], str(self.model)
        )
        self.assertEqual(len(points(self.out)), 1)
        json.loads((self.out / "launch.json").read_text())
        again = self.run_here(PROGRAM, *arguments, "--resume")
        self.assertIn(again.returncode, (0, 3), again.stderr)
        self.assert_plain(again.stdout)
        where = self.run_here(PROGRAM, *MEASURE, "--model", str(self.model))
        self.assertIn(where.returncode, (0, 3), where.stderr)
        self.assert_plain(where.stdout)
        figure.reached("text in 3 launches, nothing run, nothing for a terminal to obey")

    def test_stay_text_in_refusals(self) -> None:
        nowhere = f"no {NAME}"
        for arguments in (
            ["run", NAME],
            ["run", "strong-scaling", "--model", nowhere],
            ["run", "strong-scaling", "--tp", NAME],
            ["run", "strong-scaling", f"--{NAME}"],
            ["run", "strong-scaling", "--config", nowhere],
            ["run", "strong-scaling", "--backend", NAME],
            ["run", "strong-scaling", "--workload", NAME],
            ["run", "strong-scaling", "--trace", nowhere],
            ["generate", "--model", "tiny", "--prompt-ids", NAME],
            ["evaluate", "--text", nowhere],
            [NAME],
        ):
            result = self.run_here(PROGRAM, *arguments)
            self.assertIn(result.returncode, (2, 66, 69), f"{arguments}: {result.stderr}")
            self.assertTrue(sentences(result), arguments)
            self.assertEqual(
                sentences(result), result.stderr.splitlines(), "a name made a line of its own"
            )
            self.assert_plain(result.stderr)

    @unittest.skipUnless(REPORT.exists(), "no tpscale-report in this build")
    def test_stay_text_in_the_report(self) -> None:
        figure = Figure("hostile names", "report")
        arguments = [*MEASURE, "--model", str(self.model), "-o", str(self.out)]
        self.assertIn(self.run_here(PROGRAM, *arguments).returncode, (0, 3))
        result = self.run_here(str(REPORT), str(self.out))
        if result.returncode == 69:
            self.skipTest("no Python environment for tpscale-report")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_plain(result.stderr)
        self.assertNotIn("\x1b", result.stdout)
        page = (self.out / "report.html").read_text(encoding="utf-8")
        self.assertEqual(page.count("<script"), 2)  # its own: the data, and what reads them
        self.assertNotIn("<script>alert", page)
        self.assertNotIn("<script>alert", (self.out / "report.md").read_text(encoding="utf-8"))
        for file in self.out.glob("*.json"):
            json.loads(file.read_text(encoding="utf-8"))
        figure.reached("text in report.html, report.md and JSON")

    def test_stay_arguments_in_batch_scripts(self) -> None:
        """A launcher that only writes down what it was started with stands for mpirun."""
        stubs = self.folder / "stubs"
        stubs.mkdir()
        stub = stubs / "mpirun"
        stub.write_text('#!/bin/sh\nprintf "%s\\0" "$@" >"$RECORDED"\n')
        stub.chmod(0o755)
        recorded = self.folder / "recorded"
        scripts = sorted((PROJECT / "launch" / "slurm").glob("*.sbatch"))
        for script in (script for script in scripts if "run_job" in script.read_text()):
            home = self.folder / f"home {NAME}"
            (home / "bin").mkdir(parents=True, exist_ok=True)
            shutil.copytree(PROJECT / "launch", home / "launch", dirs_exist_ok=True)
            program = home / "bin" / "tpscale"
            program.write_text("#!/bin/sh\n")
            program.chmod(0o755)
            result = self.run_here(
                *["bash", str(script), "--model", NAME],
                PATH=f"{stubs}:{os.environ['PATH']}",
                RECORDED=str(recorded),
                TPSCALE_HOME=str(home),
                TPSCALE_OUTPUT=str(self.out),
                SLURM_JOB_ID="1",
                SLURM_JOB_NAME=NAME,
                SLURM_SUBMIT_DIR=str(self.folder),
            )
            self.assertEqual(
                result.returncode, 0, f"{script.name}: {result.stdout} {result.stderr}"
            )
            arguments = recorded.read_bytes().decode().split("\0")
            self.assertIn(str(program), arguments)
            self.assertEqual(arguments[arguments.index("--model") + 1], NAME)
            self.assertEqual(arguments[arguments.index("-o") + 1], str(self.out))


class Secret(Case):
    CANARY = "hf_canary7Q2x9"

    @unittest.skipUnless(MPIEXEC, "no mpirun")
    def test_in_the_environment_is_found_nowhere(self) -> None:
        figure = Figure("secret in the environment", "program")
        secrets = [
            "HF_TOKEN",
            "HUGGING_FACE_HUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "SLURM_JWT",
            "NCCL_TOKEN",
            "MY_OWN",
        ]
        environment = {**os.environ, **dict.fromkeys(secrets, self.CANARY)}
        out = self.folder / "out"
        handed_on = [part for name in secrets for part in ("-x", name)]
        arguments = ["run", "strong-scaling", "latency", *SMALL, "-o", str(out)]
        commands = [
            [MPIEXEC, "-n", "2", *handed_on, PROGRAM, *arguments, "--json"],
            [PROGRAM, "info", "--json", "--probe-seconds", "0.02"],
            [PROGRAM, *arguments],  # refused: the folder has points
        ]
        if REPORT.exists():
            commands.append([str(REPORT), str(out)])
        said = b""
        for command in commands:
            result = subprocess.run(
                command,
                capture_output=True,
                timeout=300,
                check=False,
                env=environment,
                cwd=self.folder,
            )
            said += result.stdout + result.stderr
        self.assertGreater(len(said), 1000)
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        self.assertTrue({"results.h5", "launch.json"} <= {file.name for file in files})
        for where, content in [
            ("what was said", said),
            *((str(file), file.read_bytes()) for file in files),
        ]:
            self.assertNotIn(self.CANARY.encode(), content, where)
        figure.reached(f"in none of {len(files)} files and outputs")


class CutOff(Case):
    """A checkpoint of one tensor that ends too early, on ranks that all must hear of it."""

    RANKS = 4

    def setUp(self) -> None:
        super().setUp()
        self.model = self.folder / "model"
        self.model.mkdir()
        shutil.copy(FIXTURES / "llama2-f32" / "config.json", self.model)
        header = json.dumps(
            {"lm_head.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
        ).encode()
        self.whole = struct.pack("<Q", len(header)) + header + bytes(24)
        self.end = 8 + len(header)

    def ended(self) -> tuple[list[str], list[str]]:
        """Exit codes by rank, sentences. The codes are written down: mpirun ends the others after the first failure."""
        command = [PROGRAM, "generate", "--model", str(self.model), "--prompt-ids", "1"]
        write_down = 'code=0; "$@" || code=$?; echo $code >"$0/$OMPI_COMM_WORLD_RANK"'
        codes = self.folder / "codes"
        shutil.rmtree(codes, ignore_errors=True)
        codes.mkdir()
        result = subprocess.run(
            [MPIEXEC, "-n", str(self.RANKS), "sh", "-c", write_down, str(codes), *command],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return [file.read_text().strip() for file in sorted(codes.iterdir())], sentences(result)

    @unittest.skipUnless(MPIEXEC, "no mpirun")
    def test_at_every_byte_of_the_header_is_exit_65_on_all_ranks(self) -> None:
        figure = Figure("hostile checkpoints", "cut off at every header byte")
        sizes = range(self.end + 1) if WHOLE else (0, 7, 8, 9, self.end // 2, self.end)
        for size in sizes:
            (self.model / "model.safetensors").write_bytes(self.whole[:size])
            ranks, said = self.ended()
            self.assertEqual(ranks, ["65"] * self.RANKS, f"{size} bytes: {said}")
            self.assertEqual(len(said), 1, said)
        self.assert_refused(
            65, "safetensors", "generate", "--model", str(self.model), "--prompt-ids", "1", ranks=2
        )
        figure.reached(f"{len(sizes)} lengths: 65 on all of {self.RANKS} ranks")


if __name__ == "__main__":
    unittest.main()
