"""Intervals on noise of known median."""

import numpy as np
import pytest

from tpscale_analysis.statistics import (
    median_estimate,
    ratio_estimate,
    series_marks,
    spread,
)


def noise(seed: int, median: float, count: int = 12) -> np.ndarray:
    return median * (1 + 0.02 * np.random.default_rng(seed).standard_normal(count))


def test_the_interval_covers_the_true_ratio_about_95_times_in_100() -> None:
    covered = sum(
        ratio_estimate(noise(2 * i, 3.0), noise(2 * i + 1, 1.5), f"{i}").contains(2.0)
        for i in range(100)
    )
    assert 88 <= covered <= 100


def test_the_same_question_has_the_same_answer() -> None:
    times = noise(1, 1.0, 30)
    assert median_estimate(times, "a") == median_estimate(times, "a")


def test_the_value_lies_in_its_interval() -> None:
    for count in (1, 2, 3, 10, 101):
        estimate = median_estimate(noise(count, 1.0, count), "seed")
        assert estimate.low <= estimate.value <= estimate.high


def test_one_repetition_has_no_interval() -> None:
    estimate = ratio_estimate(np.array([2.0]), np.array([1.0]), "seed")
    assert (estimate.value, estimate.low, estimate.high) == (2.0, 2.0, 2.0)


def test_marks() -> None:
    assert series_marks(np.ones(8)) == ()
    assert series_marks(np.ones(7)) == ("few repetitions",)
    assert series_marks(np.array([1.0] * 9 + [1.2])) == ("unstable",)
    assert spread(np.array([1.0, 2.0, 4.0])) == pytest.approx(1.5)
