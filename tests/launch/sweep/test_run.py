from __future__ import annotations

import os
import signal
import subprocess
import time
import tomllib

from conftest import PROJECT, STUDY, Workshop


def test_a_study_is_measured_once_and_reported(workshop: Workshop) -> None:
    result = workshop.sweep("run")
    assert result.returncode == 0, result.stderr
    assert "every launch is done; 4 of 4 points; report: " in result.stdout
    assert (workshop.results / "report" / "report.html").read_text().strip() == str(
        workshop.results
    )
    again = workshop.sweep("run")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert workshop.sweep("resume").returncode == 0
    assert (workshop.starts(1), workshop.starts(2)) == (1, 1)
    assert workshop.sweep("status").returncode == 0


def test_what_dies_is_tried_again_as_often_as_is_said_then_marked(workshop: Workshop) -> None:
    result = workshop.sweep("run", FAKE_ENDS="tp1:137,1,0 tp2:1")
    assert result.returncode == 1, result.stderr
    assert (workshop.starts(1), workshop.starts(2)) == (3, 3)
    assert "exit code 1 after 3 attempts: a failure" in result.stdout
    assert "a launch is dead after all its retries (exit code 1)" in result.stdout
    assert "2 of 4 points" in result.stdout
    assert workshop.sweep("status").returncode == 1
    assert workshop.sweep("resume", FAKE_ENDS="tp2:1,1,1,1,0").returncode == 0
    assert (workshop.starts(1), workshop.starts(2)) == (3, 5)


def test_what_would_fail_the_same_again_is_not_tried_again(workshop: Workshop) -> None:
    assert workshop.sweep("run", FAKE_ENDS="tp1:66").returncode == 1
    assert (workshop.starts(1), workshop.starts(2)) == (1, 1)


def test_a_failed_verdict_is_final_and_said(workshop: Workshop) -> None:
    result = workshop.sweep("run", FAKE_ENDS="tp2:3")
    assert result.returncode == 3
    assert "verdict failed" in result.stdout
    assert workshop.starts(2) == 1
    assert workshop.sweep("resume", FAKE_ENDS="tp2:0").returncode == 3


def waiting(workshop: Workshop) -> subprocess.Popen[str]:
    """A sweep whose first launch has a point and waits to be told to leave."""
    environment = {**workshop.environment, "FAKE_ENDS": "tp1:wait,0"}
    running = subprocess.Popen(
        workshop.command("run"), env=environment, stdout=subprocess.PIPE, text=True
    )
    for _ in range(1200):
        if (workshop.launch(1) / "points" / "aaaa.h5").exists() or running.poll() is not None:
            break
        time.sleep(0.05)
    return running


def test_interrupted_keeps_what_is_finished_and_resumes(workshop: Workshop) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        workshop.results = workshop.folder / number.name
        running = waiting(workshop)
        assert workshop.sweep("status").stdout.count("running") == 1
        running.send_signal(number)
        said, _ = running.communicate(timeout=120)
        assert running.returncode == 75, said
        assert "launches are still to do (exit code 75); 1 of 4 points" in said
        assert workshop.starts(2) == 0
        assert "interrupted  1 of 2" in workshop.sweep("status").stdout
        assert workshop.sweep("resume", FAKE_ENDS="tp1:wait,0").returncode == 0
        assert (workshop.starts(1), workshop.starts(2)) == (2, 1)


def test_a_launch_that_outlives_its_sweep_keeps_the_folder(workshop: Workshop) -> None:
    running = waiting(workshop)
    try:
        running.kill()
        running.wait()
        refused = workshop.sweep("resume")
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
        assert "works in" in refused.stderr
    finally:
        os.kill(int((workshop.launch(1) / "pid").read_text()), signal.SIGUSR1)
        running.communicate(timeout=120)
    for _ in range(1200):
        if "lost" in workshop.sweep("status").stdout:
            break
    assert workshop.sweep("resume", FAKE_ENDS="tp1:0").returncode == 0
    assert (workshop.starts(1), workshop.starts(2)) == (2, 1)


def test_a_study_that_changed_is_another(workshop: Workshop) -> None:
    workshop.sweep("run")
    workshop.study.write_text(STUDY.replace("[1, 2]", "[1, 2, 4]"))
    for command in ("resume", "status"):
        result = workshop.sweep(command)
        assert result.returncode == 2
        assert "changed since" in result.stderr


def test_a_damaged_folder_is_refused(workshop: Workshop) -> None:
    assert workshop.sweep("status").returncode == 66
    workshop.sweep("run")
    (workshop.results / "state" / "latency_tiny_tp1").write_text(
        "2026-01-01T00:00:00Z\tstarted\there\n2026-01-0"
    )
    assert "started here, never ended: resume" in workshop.sweep("status").stdout
    (workshop.results / "study.json").write_text('{"way": "ru')
    for command in ("resume", "status"):
        result = workshop.sweep(command)
        assert (result.returncode, result.stderr.count("\n")) == (65, 1)


def test_a_folder_that_cannot_be_written_is_said(workshop: Workshop) -> None:
    workshop.results.write_text("a file")
    result = workshop.sweep("run")
    assert (result.returncode, result.stderr.count("\n")) == (74, 1), result.stderr


def test_the_environment_is_what_the_caller_has_not_set(workshop: Workshop) -> None:
    result = workshop.sweep("run", OMPI_MCA_btl_tcp_if_include="eth7")
    seen = workshop.ranks_environment(1)
    assert seen["OMPI_MCA_btl_tcp_if_include"] == "eth7"
    assert seen["OMPI_MCA_oob_tcp_if_include"] == "lo"
    assert "set here, as it was not set: OMPI_MCA_oob_tcp_if_include=lo" in result.stdout
    assert "if_include=eth7" not in result.stdout


def test_values_reach_the_program_as_they_are(workshop: Workshop) -> None:
    mark = workshop.folder / "mark"
    odd = f"$(touch {mark}) `touch {mark}` ; touch {mark} \" ' \\\\ * %j"
    workshop.study.write_text(STUDY + f"[options]\ntext = '''{odd}\nsecond line'''\n")
    assert workshop.sweep("run").returncode == 0
    assert f"--text={odd}\nsecond line" in workshop.arguments(1)
    assert not mark.exists()


def test_the_plan_leaves_no_experiment_out() -> None:
    listed = subprocess.run(
        [PROJECT / "build/release/bin/tpscale", "list"], capture_output=True, text=True, check=True
    ).stdout
    known = {line.split()[0] for line in listed.split("\n\n")[0].splitlines()[1:]}
    plan = tomllib.loads((PROJECT / "launch/studies/plan.toml").read_text())
    assert {name for part in plan["part"] for name in part["experiments"]} == known


def test_the_programs_themselves(workshop: Workshop) -> None:
    """No stand-ins: two degrees of the smallest model, merged; what was planned is what was measured."""
    for name in ("TPSCALE_PROGRAM", "PATH"):
        workshop.environment.pop(name)
    workshop.environment["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    workshop.study.write_text(
        STUDY.replace("latency", "strong-scaling")
        + '[options]\nprofile = "smoke"\nrepetitions = 2\nprobe-seconds = 0.02\n'
    )
    planned = workshop.sweep("plan")
    assert planned.returncode == 0, planned.stderr
    ids = {line.split()[0] for line in planned.stdout.splitlines() if ": 4 sequences" in line}
    result = workshop.sweep("run")
    assert result.returncode == 0, result.stdout + result.stderr
    found = sorted(path.stem for path in workshop.results.glob("*/points/*.h5"))
    assert found == sorted(ids)
    assert len(found) == 2
    assert (workshop.results / "report" / "report.html").exists()
