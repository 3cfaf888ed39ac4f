"""Medians and their intervals by bootstrap; deterministic, because every draw is seeded by what is asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tpscale_analysis.point import FloatArray, Metric

RESAMPLES = 10_000
_DRAWS_AT_ONCE = 4_000_000  # elements held at a time
FEW_REPETITIONS = 8  # below it a bootstrap of the median is little more than [min, max]
UNSTABLE_SPREAD = 0.10


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Relative half width: a difference smaller than this could not have been seen."""
        return (self.high - self.low) / 2 / abs(self.value) if self.value else 0.0

    def times(self, factor: float) -> Estimate:
        """The same figure in another scale (factor > 0)."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def contains(self, other: float) -> bool:
        return self.low <= other <= self.high


def spread(times: FloatArray) -> float:
    """(max - min) / median; 0 where the median is."""
    middle = float(np.median(times))
    return float(times.max() - times.min()) / middle if middle else 0.0


def median_estimate(times: FloatArray, seed: str) -> Estimate:
    """Median of the repetitions with a percentile interval."""
    return _median(tuple(times.tolist()), seed)


def ratio_estimate(numerator: FloatArray, denominator: FloatArray, seed: str) -> Estimate:
    """Ratio of medians of two independent series, by unpaired bootstrap."""
    return _ratio(tuple(numerator.tolist()), tuple(denominator.tolist()), seed)


def paired_ratio_estimate(numerator: FloatArray, denominator: FloatArray, seed: str) -> Estimate:
    """Ratio of medians of two series of the same repetitions, by paired bootstrap."""
    ratios = paired_ratio_draws(numerator, denominator, seed)
    return _estimate(float(np.median(numerator) / np.median(denominator)), ratios)


def paired_ratio_draws(numerator: FloatArray, denominator: FloatArray, seed: str) -> FloatArray:
    """The ratios of all resamples."""
    generator, count = _generator(seed), len(numerator)
    ratios = np.empty(RESAMPLES)
    step = max(1, _DRAWS_AT_ONCE // count)
    for start in range(0, RESAMPLES, step):
        stop = min(start + step, RESAMPLES)
        drawn = generator.integers(0, count, (stop - start, count), dtype=np.int32)
        above, below = np.median(numerator[drawn], axis=1), np.median(denominator[drawn], axis=1)
        ratios[start:stop] = above / below
    return ratios


def interval_of(metric: Metric) -> Estimate:
    """A stored figure with its stored interval."""
    return Estimate(metric.value, metric.low, metric.high)


def series_marks(times: FloatArray) -> tuple[str, ...]:
    """The marks that a series of repetitions earns."""
    marks = []
    if len(times) < FEW_REPETITIONS:
        marks.append("few repetitions")
    if len(times) > 1 and spread(times) > UNSTABLE_SPREAD:
        marks.append("unstable")
    return tuple(marks)


# Kept, because the tables, the JSON and the sentences ask the same.
@lru_cache(maxsize=4096)
def _median(times: tuple[float, ...], seed: str) -> Estimate:
    array = np.array(times)
    return _estimate(float(np.median(array)), _resampled_medians(array, _generator(seed)))


@lru_cache(maxsize=4096)
def _ratio(numerator: tuple[float, ...], denominator: tuple[float, ...], seed: str) -> Estimate:
    generator = _generator(seed)
    above, below = np.array(numerator), np.array(denominator)
    value = float(np.median(above) / np.median(below))
    draws = _resampled_medians(above, generator)
    return _estimate(value, draws / _resampled_medians(below, generator))


def _estimate(value: float, draws: FloatArray) -> Estimate:
    low, high = np.percentile(draws, [2.5, 97.5])
    return Estimate(value, min(float(low), value), max(float(high), value))


def _generator(seed: str) -> np.random.Generator:
    digest = hashlib.sha256(seed.encode("utf-8", "replace")).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


def _resampled_medians(times: FloatArray, generator: np.random.Generator) -> FloatArray:
    count = len(times)
    if count == 1:
        return np.full(RESAMPLES, times[0])
    ordered = np.sort(times)
    medians = np.empty(RESAMPLES)
    step = max(1, _DRAWS_AT_ONCE // count)
    low, high = (count - 1) // 2, count // 2
    for start in range(0, RESAMPLES, step):
        stop = min(start + step, RESAMPLES)
        drawn = generator.integers(0, count, (stop - start, count), dtype=np.int32)
        drawn.partition((low, high), axis=1)  # of ranks in place of times: the same and faster
        medians[start:stop] = (ordered[drawn[:, low]] + ordered[drawn[:, high]]) / 2
    return medians
