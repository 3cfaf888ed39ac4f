"""Submitting and the tasks of the array, with stand-ins for Slurm's programs; tests with a real Slurm are elsewhere."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

from conftest import PROJECT, STUDY, Workshop

TWO_NODES = 'gpus-per-node = 0\nranks-per-node = 2\nnodes = 2\n[slurm]\ntime = "5"\n'


def submitted(workshop: Workshop) -> None:
    result = workshop.sweep("submit")
    assert result.returncode == 0, result.stderr


def test_submitting_gives_an_array_and_a_report(workshop: Workshop) -> None:
    result = workshop.sweep("submit", "--", "--partition=a b", "--account=$(id)")
    assert result.returncode == 0, result.stderr
    words = workshop.given_to("sbatch")
    assert "--array=0-1%1" in words  # a machine of one node
    assert "--mem=0" in words
    assert words.count("--partition=a b") == words.count("--account=$(id)") == 2
    assert words.count(str(workshop.results)) == 2
    assert [word for word in words if word.startswith("--dependency=afterany:")]
    assert workshop.starts(1) == 0


def test_a_task_measures_the_launch_of_its_index(workshop: Workshop) -> None:
    submitted(workshop)
    assert workshop.sweep("status").returncode == 75
    for index in (0, 1):
        result = workshop.task(index)
        assert result.returncode == 0, result.stdout + result.stderr
    assert workshop.arguments(2)[:4] == ["run", "latency", "--model=tiny", "--tp=2"]
    assert workshop.ranks_environment(1)["OMPI_MCA_btl_tcp_if_include"] == "lo"
    status = workshop.sweep("status")
    assert status.returncode == 0, status.stdout
    assert workshop.task(1).returncode == 0
    assert workshop.starts(2) == 1


def test_what_dies_goes_back_into_the_queue_as_often_as_is_said(workshop: Workshop) -> None:
    submitted(workshop)
    for attempt in range(1, 4):
        assert workshop.task(1, FAKE_ENDS="tp2:137").returncode == 137
        asked = workshop.folder / "scontrol"
        assert asked.read_text().splitlines() == ["requeue 5_1"] * min(attempt, 2)
    assert "exit code 137 after 3 attempts: killed" in workshop.sweep("status").stdout
    assert workshop.task(1).returncode == 1
    assert workshop.starts(2) == 3


def test_a_lost_node_counts_as_an_attempt(workshop: Workshop) -> None:
    submitted(workshop)
    state = workshop.results / "state" / "latency_tiny_tp2"
    state.write_text("2026-01-01T00:00:00Z\tstarted\ton n1\n" * 3)
    assert workshop.task(1).returncode == 1
    assert workshop.starts(2) == 0
    assert "dead" in workshop.sweep("status").stdout


def test_what_would_fail_the_same_is_not_put_back(workshop: Workshop) -> None:
    submitted(workshop)
    assert workshop.task(0, FAKE_ENDS="tp1:65").returncode == 65
    assert not (workshop.folder / "scontrol").exists()
    assert "bad data" in workshop.sweep("status").stdout


def test_resume_submits_what_is_neither_done_nor_queued(workshop: Workshop) -> None:
    workshop.study.write_text(STUDY.replace("[1, 2]", "[1, 2, 4, 8]"))
    submitted(workshop)
    job = (workshop.results / "jobs").read_text().split()[0]
    workshop.task(0)
    workshop.task(1, FAKE_ENDS="tp2:2")
    (workshop.folder / "queue").write_text(f"{job}|2|RUNNING\n999|3|PENDING\n{job}|N/A|PENDING\n")
    status = workshop.sweep("status")
    assert status.returncode == 75
    assert "Slurm: RUNNING" in status.stdout
    (workshop.folder / "sbatch").unlink()
    assert workshop.sweep("resume").returncode == 0
    assert "--array=1,3%1" in workshop.given_to("sbatch")
    assert workshop.task(1).returncode == 0
    assert workshop.starts(2) == 2


def test_values_reach_the_task_as_they_are(workshop: Workshop) -> None:
    mark = workshop.folder / "mark"
    odd = f"$(touch {mark}) `touch {mark}` ; touch {mark} \" ' * %j"
    machine = workshop.folder / "odd.toml"
    machine.write_text(
        f"gpus-per-node = 0\nranks-per-node = 8\n[environment]\nODD = '''{odd}\nx=y'''\n[slurm]\ntime = \"5\"\n"
    )
    workshop.study.write_text(STUDY + f"[options]\ntext = '''{odd}\nsecond line'''\n")
    assert workshop.sweep("submit", "--machine", str(machine)).returncode == 0
    assert workshop.task(0).returncode == 0
    assert f"--text={odd}\nsecond line" in workshop.arguments(1)
    assert workshop.ranks_environment(1)["ODD"] == f"{odd}\nx=y"
    assert not mark.exists()


def test_a_damaged_folder_ends_a_task_with_a_sentence(workshop: Workshop) -> None:
    submitted(workshop)
    (workshop.results / "environment").write_bytes(b"a[$(touch mark)]=1\0")
    result = workshop.task(0)
    assert result.returncode == 65
    assert "is damaged" in result.stderr
    assert workshop.starts(1) == 0


def test_jobs_of_another_user_are_still_in_the_queue(workshop: Workshop) -> None:
    submitted(workshop)
    job = (workshop.results / "jobs").read_text().split()[0]
    (workshop.folder / "queue").write_text(f"{job}|0|RUNNING\n{job}|1|PENDING\n")
    assert workshop.sweep("resume", LOGNAME="somebody").returncode == 75
    assert workshop.given_to("sbatch").count("--parsable") == 2


@pytest.mark.parametrize("option", ["--array=0-3%1", "--arr=0", "--wait", "--wait=1"])
def test_what_sweep_says_itself_is_refused(workshop: Workshop, option: str) -> None:
    result = workshop.sweep("submit", "--", option)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert not workshop.results.exists()


def test_arrays_and_the_report_wait_for_each_other_whatever_is_asked(workshop: Workshop) -> None:
    workshop.study.write_text(STUDY.replace("[1, 2]", "[1, 2, 4]"))
    machine = workshop.folder / "two.toml"
    machine.write_text(TWO_NODES)
    result = workshop.sweep(
        "submit", "--machine", str(machine), "--", "--dependency=afterok:9", "--mem=8G"
    )
    assert result.returncode == 0, result.stderr
    small, large = (workshop.results / "jobs").read_text().split()
    words = workshop.given_to("sbatch")
    asked = [word for word in words if word.startswith(("--array", "--dependency", "--mem"))]
    of_user = ["--dependency=afterok:9", "--mem=8G"]
    assert asked == [
        *("--array=0-1%2", *of_user),
        *("--array=2%1", *of_user, f"--dependency=afterany:{small}"),
        *(*of_user, f"--dependency=afterany:{small}:{large}"),
    ]


def test_what_was_asked_at_first_holds(workshop: Workshop) -> None:
    """Status and resume need neither the machine nor the options again."""
    machine = workshop.folder / "two.toml"
    machine.write_text(TWO_NODES)
    assert (
        workshop.sweep("submit", "--machine", "./two.toml", "--", "--partition=x").returncode == 0
    )
    status = workshop.sweep("status")
    assert status.returncode == 75, status.stderr
    (workshop.folder / "sbatch").unlink()
    assert workshop.sweep("resume").returncode == 0
    assert workshop.given_to("sbatch").count("--partition=x") == 2
    assert workshop.sweep("status", "--machine", "dgx-h100").returncode == 2


def test_a_folder_of_before_is_read(workshop: Workshop) -> None:
    submitted(workshop)
    path = workshop.results / "study.json"
    plan = json.loads(path.read_text())
    for key in ("machine", "more"):
        del plan[key]
    path.write_text(json.dumps(plan))
    assert workshop.sweep("status").returncode == 75


def warned(workshop: Workshop) -> str:
    """What a task of degree 2 says that is warned once it has its point, or found it there."""
    pid = workshop.launch(2) / "pid"
    pid.unlink(missing_ok=True)
    environment = {**workshop.task_environment(1), "FAKE_ENDS": "tp2:wait"}
    running = subprocess.Popen(
        workshop.task_command(), env=environment, stdout=subprocess.PIPE, text=True
    )
    point = workshop.launch(2) / "points" / "aaaa.h5"
    for _ in range(1200):
        if (pid.exists() and point.exists()) or running.poll() is not None:
            break
        time.sleep(0.05)
    running.send_signal(signal.SIGUSR1)
    return running.communicate(timeout=120)[0]


def test_a_point_longer_than_the_limit_does_not_start_for_ever(workshop: Workshop) -> None:
    submitted(workshop)
    asked = workshop.folder / "scontrol"
    (workshop.folder / "queue").write_text("7 1:30\n")
    assert "back into the queue" in warned(workshop)
    assert "no point was finished in this time limit" in warned(workshop)
    assert asked.read_text().splitlines() == ["requeue 5_1"]
    assert "failed" in workshop.sweep("status").stdout
    (workshop.folder / "queue").write_text("7 1:00:00\n")
    assert "back into the queue" in warned(workshop), "an hour was left: it was no limit"


def test_a_task_counts_its_own_time(workshop: Workshop) -> None:
    """The last task of an array has the array's id, for which squeue tells all tasks."""
    (workshop.folder / "queue").write_text("8 1:00\n7 1-00:02:03\n5 2:00\n")
    script = workshop.folder / "left.sh"
    script.write_text(f". '{PROJECT}/launch/slurm/job.sh'; seconds_left")
    assert workshop.job(str(script)).stdout == "86523\n"


def test_an_array_computes_with_as_many_threads_at_every_degree(workshop: Workshop) -> None:
    node = {"SLURM_CPUS_ON_NODE": "112", "SLURM_NTASKS_PER_NODE": "8", "SLURM_NTASKS": "8"}
    for index, given, threads in (
        *((0, [], ["14"]), (3, [], ["14"])),
        *((0, ["--threads=3"], []), (0, ["--config", "x"], [])),
    ):
        result = workshop.job("strong-scaling.sbatch", *given, index=index, **node)
        assert result.returncode == 0, result.stderr
        folder = workshop.results / f"tp{2**index}"
        words = json.loads(max(folder.glob("arguments.*")).read_text())
        assert [words[i + 1] for i, word in enumerate(words) if word == "--threads"] == threads
        assert bool(threads) == ("--threads 14, the same" in result.stdout)


def test_an_option_is_given_once_or_refused_before_anything_starts(workshop: Workshop) -> None:
    alone = {"SLURM_ARRAY_TASK_ID": ""}
    for given in ([], ["--profile", "smoke"], ["--profile=default"]):
        assert workshop.job("plan.sbatch", *given, **alone).returncode == 0
        words = json.loads(max(workshop.results.glob("arguments.*")).read_text())
        assert [word for word in words if word.startswith("--profile")] == (
            [word for word in given if word.startswith("--profile")] or ["--profile"]
        )
    starts = len(list(workshop.results.rglob("arguments.*")))
    for refused in (["-o", "x"], ["-ox"], ["--output=x"]):
        result = workshop.job("plan.sbatch", *refused, **alone)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1)
        assert "TPSCALE_OUTPUT" in result.stderr
    assert workshop.job("strong-scaling.sbatch", "--tp=2").returncode == 2
    assert len(list(workshop.results.rglob("arguments.*"))) == starts


def test_no_ablation_is_left_out(workshop: Workshop) -> None:
    assert workshop.job("ablations.sbatch", SLURM_ARRAY_TASK_ID="").returncode == 0
    words = json.loads((workshop.results / "arguments.0").read_text())
    plan = "prefix-cache scheduler cuda-graph paged-memory kv-transfer kv-compression"
    assert words[1 : words.index("-o")] == plan.split()
