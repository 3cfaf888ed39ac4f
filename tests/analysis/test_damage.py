"""Damaged files: one sentence each, no crash, nothing silently wrong."""

import random
from pathlib import Path

import pytest
from conftest import Launch
from figures import Figure, share_or_whole
from synthetic import scaling_point

from tpscale_analysis.errors import AnalysisError, BadDataError
from tpscale_analysis.inputs import Source
from tpscale_analysis.isolated import read_points

MUTANTS = share_or_whole(150, 2001)


def small_file(launch: Launch) -> Path:
    point = scaling_point(1, seconds=1.0, repetitions=3)
    (file,) = (launch([point]) / "points").iterdir()
    return file


def fingerprint(file: Path) -> str:
    (point,) = read_points([Source(file, file.parent.parent)])
    return point.fingerprint


@pytest.mark.parametrize("seed", range(3))
def test_flipped_bytes(launch: Launch, tmp_path: Path, seed: int) -> None:
    figure = Figure("damaged results", f"Python reader, flipped bits {seed}")
    whole = small_file(launch)
    content, right = whole.read_bytes(), fingerprint(whole)
    chance = random.Random(seed)
    mutant = tmp_path / "mutant.h5"
    noticed = 0
    for _ in range(MUTANTS // 3):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 2, 8))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        mutant.write_bytes(damaged)
        try:
            assert fingerprint(mutant) == right  # the byte carried nothing
        except BadDataError as error:
            assert "mutant.h5" in str(error)
            noticed += 1
    assert noticed > 0
    figure.reached(f"{MUTANTS // 3} mutants: {noticed} refused, the others read right")


def test_cut_short(launch: Launch, tmp_path: Path) -> None:
    figure = Figure("damaged results", "Python reader, cut off")
    content = small_file(launch).read_bytes()
    mutant = tmp_path / "mutant.h5"
    sizes = range(0, len(content), len(content) // share_or_whole(40, 1000))
    for size in sizes:
        mutant.write_bytes(content[:size])
        with pytest.raises(AnalysisError, match=r"mutant\.h5"):
            fingerprint(mutant)
    figure.reached(f"{len(sizes)} lengths: all refused")


def test_a_reader_that_dies_is_one_sentence(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = small_file(launch)

    def die(*_: object) -> None:
        import os  # noqa: PLC0415
        import signal  # noqa: PLC0415

        os.kill(os.getpid(), signal.SIGSEGV)

    monkeypatch.setattr("tpscale_analysis.isolated.read_file", die)
    with pytest.raises(BadDataError, match="crashed"):
        fingerprint(file)
