"""Where the ends of a bootstrap interval may lie, whatever generator drew the resamples.

A percentile interval of 10,000 resamples ends near the 2.5th and 97.5th percentile of the resampling distribution.
The share of resamples below a value has a standard error of sqrt(0.025 x 0.975 / 10,000) = 0.0016; five of them on
either side give the 1.7th to the 3.3rd percentile, between which a correct end lies.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np

from tpscale_analysis.point import FloatArray
from tpscale_analysis.statistics import paired_ratio_draws

_ENDS = (1.7, 3.3)  # per cent
_ENDS_OF_DRAWS = (1.2, 3.8)  # where our side is drawn too
_EXACT_TO = 64  # values for which the distribution is calculated
_SLACK = 1e-9  # of the value: rounding


@lru_cache(maxsize=_EXACT_TO)
def _weights(count: int) -> FloatArray:
    """[i, j]: the probability that the two middle values of a resample are the i-th and j-th of the sample.

    The m-th of the ordered ranks drawn is i and the next j > i when m draws are at most i, one of them i itself, and
    the others at least j, one of them j itself; what is left for i = j follows from the m-th being i.
    """
    ranks = np.arange(1, count + 1)
    if count % 2:
        middle = count // 2 + 1
        below = np.array([_at_most(count, rank, middle) for rank in range(count + 1)])
        return np.diag(np.diff(below))
    half = count // 2
    low = (ranks / count) ** half - ((ranks - 1) / count) ** half
    high = ((count - ranks + 1) / count) ** half - ((count - ranks) / count) ** half
    pairs = np.triu(comb(count, half) * np.outer(low, high), 1)
    below = np.array([_at_most(count, rank, half) for rank in range(count + 1)])
    weights: FloatArray = pairs + np.diag(np.diff(below) - pairs.sum(axis=1))
    return weights


def _at_most(count: int, rank: int, middle: int) -> float:
    """The probability that at least `middle` of `count` draws are at most `rank`."""
    share = rank / count
    chances = (
        comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(middle, count + 1)
    )
    return float(sum(chances))


def median_ends(values: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """The least and most that the low end may be, and the same of the high end. None for too many values."""
    count = len(values)
    if count > _EXACT_TO:
        return None
    ordered = np.sort(values)
    if count % 2:
        medians, weights = ordered, np.diag(_weights(count))
    else:
        at = np.triu_indices(count)
        medians = (ordered[at[0]] + ordered[at[1]]) / 2
        weights = _weights(count)[at]
    order = np.argsort(medians, kind="stable")
    return _ends(medians[order], np.cumsum(weights[order]), float(np.median(values)))


def _ends(
    values: FloatArray, cumulated: FloatArray, middle: float, ends: tuple[float, float] = _ENDS
) -> tuple[FloatArray, FloatArray]:
    outer, inner = ends
    shares = np.array([outer, inner, 100 - inner, 100 - outer]) / 100
    found = values[np.minimum(np.searchsorted(cumulated, shares), len(values) - 1)]
    slack = _SLACK * max(abs(float(values[0])), abs(float(values[-1])))
    rounding = np.array([-slack, slack])
    low = np.minimum(found[:2], middle) + rounding
    high = np.maximum(found[2:], middle) + rounding
    return low, high


def paired_ratio_ends(
    above: FloatArray, below: FloatArray, seed: str
) -> tuple[FloatArray, FloatArray]:
    """The same of a ratio of medians of pairs, from resamples of our own: both sides may be off."""
    draws = np.sort(paired_ratio_draws(above, below, seed))
    cumulated = np.arange(1, len(draws) + 1) / len(draws)
    middle = float(np.median(above) / np.median(below))
    return _ends(draws, cumulated, middle, _ENDS_OF_DRAWS)
