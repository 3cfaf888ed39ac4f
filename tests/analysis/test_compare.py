"""Two sets of results: no false alarms on noise, an injected slowdown found, exit codes, what is listed."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Launch
from synthetic import scaling_point

from tpscale_analysis.compare.cli import main
from tpscale_analysis.compare.judging import (
    Limits,
    Timed,
    holm,
    judge,
    judge_bytes,
    permutation_p_value,
)

COMPARISONS = 12  # figures of a family


def family(generator: np.random.Generator, slower: float, repetitions: int = 10) -> list[str]:
    """Verdicts of comparisons of noise of 2 %, the first of them slower."""
    figures = []
    for index in range(COMPARISONS):
        a, b = 1 + 0.02 * generator.standard_normal((2, repetitions))
        figures.append(Timed(f"{index}", a, b * (slower if index == 0 else 1)))
    return [judgement.verdict for judgement in judge(figures, Limits(0.02))]


def alarms(verdicts: list[str]) -> bool:
    return bool({"FASTER", "SLOWER"} & set(verdicts))


@pytest.fixture
def few_permutations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tpscale_analysis.compare.judging.PERMUTATIONS", 2000)


@pytest.mark.usefixtures("few_permutations")
def test_noise_alone_raises_no_more_alarms_than_said() -> None:
    generator = np.random.default_rng(5)
    assert sum(alarms(family(generator, slower=1.0, repetitions=8)) for _ in range(40)) <= 2


@pytest.mark.usefixtures("few_permutations")
def test_an_injected_slowdown_is_found() -> None:
    generator = np.random.default_rng(6)
    found = [family(generator, slower=1.08) for _ in range(10)]
    assert sum(verdicts[0] == "SLOWER" for verdicts in found) >= 9
    assert sum(alarms(verdicts[1:]) for verdicts in found) <= 1


def test_three_repetitions_cannot_tell() -> None:
    a, b = np.array([1.0, 1.1, 1.2]), np.array([2.0, 2.1, 2.2])
    assert permutation_p_value(a, b, "") > 0.09  # of 20 divisions no fewer than two differ as much
    (judgement,) = judge([Timed("few", a, b)], Limits(0.02, 0.05))
    assert (judgement.verdict, judgement.regression) == ("AMBIGUOUS", False)


def test_memory_is_counted() -> None:
    limits = Limits(0.02, 0.05)
    verdicts = [judge_bytes(100.0, after, limits).verdict for after in (100.0, 101.0, 110.0, 90.0)]
    assert verdicts == ["SAME", "SAME", "LARGER", "SMALLER"]
    assert judge_bytes(100.0, 110.0, limits).regression
    assert not judge_bytes(100.0, 104.0, limits).regression


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def two(launch: Launch, slower: float, **other: object) -> list[str]:
    a = launch([scaling_point(1, seconds=1.0, seed=1)], "a")
    b = launch([scaling_point(1, seconds=slower, seed=2, **other)], "b")  # type: ignore[arg-type]
    return [str(a), str(b)]


def compared(paths: list[str], capsys: pytest.CaptureFixture[str], *more: str) -> dict:
    main([*paths, "--json", *more])
    return json.loads(capsys.readouterr().out)


def test_verdicts_and_exit_codes(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    paths = two(launch, slower=1.1)
    record = compared(paths, capsys)
    verdicts = {figure["name"]: figure["verdict"] for figure in record["figures"]}
    assert verdicts["wall_seconds"] == "SLOWER"
    assert main([*paths, "--fail-on", "5%"]) == 3
    assert main([*paths, "--fail-on", "20%"]) == 0
    assert main([*paths[::-1], "--fail-on", "5%"]) == 0
    out = capsys.readouterr().out
    assert "FASTER" in out
    assert "\x1b" not in out  # no terminal, no colour


def test_a_set_is_the_same_as_itself(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(launch([scaling_point(1, seconds=1.0, noise=0.002)], "a"))
    record = compared([path, path], capsys)
    assert {figure["verdict"] for figure in record["figures"]} == {"SAME"}
    assert record["differences"] == []


def test_what_differs_comes_first_and_does_not_part_points(
    launch: Launch, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = {"parameters": {"threads": 7}}
    paths = two(launch, slower=1.0, **threads)
    record = compared(paths, capsys)
    assert {d["name"] for d in record["differences"]} >= {"threads"}
    assert record["only_before"] == record["only_after"] == []
    main(paths)
    out = capsys.readouterr().out
    assert out.index("threads") < out.index("Figures")


def test_a_point_of_one_side_is_listed(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    a = launch([scaling_point(tp, seconds=1.0) for tp in (1, 2)], "a")
    b = launch([scaling_point(tp, seconds=1.0) for tp in (1, 2, 4)], "b")
    record = compared([str(a), str(b)], capsys)
    assert (len(record["only_before"]), len(record["only_after"])) == (0, 1)


def test_marked_samples_have_no_verdict(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    record = compared(two(launch, slower=1.5, marks=("oversubscribed",)), capsys)
    timed = [figure for figure in record["figures"] if figure["unit"] == "s"]
    assert {figure["verdict"] for figure in timed} == {"AMBIGUOUS"}


def test_wrong_use_and_bad_files(tmp_path: Path, launch: Launch) -> None:
    path = str(launch([scaling_point(1, seconds=1.0)], "a"))
    with pytest.raises(SystemExit) as usage:
        main([path])
    assert usage.value.code == 2
    assert main([path, path, "--fail-on", "x"]) == 2
    assert main([path, str(tmp_path / "nothing")]) == 66
    damaged = tmp_path / "results.h5"
    damaged.write_bytes(b"not HDF5")
    assert main([path, str(damaged)]) == 65
