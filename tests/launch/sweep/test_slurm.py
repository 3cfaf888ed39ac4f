"""Submitting and the tasks of the array, with stand-ins for Slurm's programs; tests with a real Slurm are elsewhere."""

from __future__ import annotations

from conftest import STUDY, Workshop


def submitted(workshop: Workshop) -> None:
    result = workshop.sweep("submit")
    assert result.returncode == 0, result.stderr


def test_submitting_gives_an_array_and_a_report(workshop: Workshop) -> None:
    result = workshop.sweep("submit", "--", "--partition=a b", "--account=$(id)")
    assert result.returncode == 0, result.stderr
    words = workshop.given_to("sbatch")
    assert "--array=0-1" in words
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
    assert "--array=1,3" in workshop.given_to("sbatch")
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
