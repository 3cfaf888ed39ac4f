"""Whether a figure of two sets is the same, better or worse: intervals on the ratio, corrected for their number.

The ratio of the medians of the raw repetitions has a 95 % interval by unpaired bootstrap. Whether there is a
difference at all is asked by a permutation test of the medians, and the p-values of all figures are corrected by
Holm's step-down method (S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
Statistics 6, 1979): it bounds the chance of a single false alarm in the whole comparison at 5 %, whatever the figures
have to do with one another - and those of one repetition have much to do with one another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tpscale_analysis.point import FloatArray
from tpscale_analysis.statistics import Estimate, ratio_estimate

SAME, FASTER, SLOWER, AMBIGUOUS = "SAME", "FASTER", "SLOWER", "AMBIGUOUS"
SMALLER, LARGER, DIFFERENT = "SMALLER", "LARGER", "DIFFERENT"
ALPHA = 0.05
PERMUTATIONS = 20_000


@dataclass(frozen=True)
class Limits:
    """What counts as equal, and from where a regression counts."""

    same_within: float  # 0.02: a ratio from 1 / 1.02 to 1.02
    fail_on: float | None = None  # 0.05: a ratio wholly beyond 1.05 is a regression


@dataclass(frozen=True)
class Judgement:
    """One figure of both sides. `ratio`: after / before, of seconds or bytes, so above 1 is worse."""

    ratio: Estimate
    p_value: float  # corrected
    verdict: str
    regression: bool


@dataclass(frozen=True)
class Timed:
    """The repetitions of one figure on both sides, in seconds."""

    name: str
    before: FloatArray
    after: FloatArray


def judge(figures: Sequence[Timed], limits: Limits) -> list[Judgement]:
    """One judgement a figure, in their order."""
    found = [
        Judgement(
            ratio_estimate(figure.after, figure.before, figure.name),
            permutation_p_value(figure.before, figure.after, figure.name),
            AMBIGUOUS,
            regression=False,
        )
        for figure in figures
    ]
    corrected = holm([judgement.p_value for judgement in found])
    return [
        _decided(replace(judgement, p_value=p), limits)
        for judgement, p in zip(found, corrected, strict=True)
    ]


def judge_bytes(before: float, after: float, limits: Limits) -> Judgement:
    """Memory is counted, not sampled: it has no interval."""
    ratio = after / before if before else 1.0 if not after else float("inf")
    same = 1 / (1 + limits.same_within) <= ratio <= 1 + limits.same_within
    verdict = SAME if same else LARGER if ratio > 1 else SMALLER
    return Judgement(Estimate(ratio, ratio, ratio), 0.0, verdict, _beyond(ratio, limits))


def _decided(judgement: Judgement, limits: Limits) -> Judgement:
    ratio = judgement.ratio
    if ratio.low >= 1 / (1 + limits.same_within) and ratio.high <= 1 + limits.same_within:
        return replace(judgement, verdict=SAME)
    if judgement.p_value >= ALPHA or ratio.contains(1.0):
        return judgement
    if ratio.value < 1:
        return replace(judgement, verdict=FASTER)
    return replace(judgement, verdict=SLOWER, regression=_beyond(ratio.low, limits))


def _beyond(ratio: float, limits: Limits) -> bool:
    return limits.fail_on is not None and ratio > 1 + limits.fail_on


def holm(p_values: Sequence[float]) -> list[float]:
    """The corrected p-values, in the order of the given ones."""
    count = len(p_values)
    corrected = [0.0] * count
    largest = 0.0
    for rank, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def permutation_p_value(before: FloatArray, after: FloatArray, seed: str) -> float:
    """Two-sided, of the difference of the medians' logarithms: the share of random divisions of all repetitions into
    two such sets that differ as much, the given one among them (Phipson and Smyth 2010: it is never 0)."""
    pooled = np.log(np.concatenate([before, after]))
    digest = hashlib.sha256(f"permutation {seed}".encode("utf-8", "replace")).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
    drawn = generator.permuted(np.tile(pooled, (PERMUTATIONS, 1)), axis=1)
    count = len(before)
    differences = np.abs(np.median(drawn[:, :count], axis=1) - np.median(drawn[:, count:], axis=1))
    observed = abs(np.median(np.log(before)) - np.median(np.log(after)))
    # a rounding less: the same division drawn again must count
    as_large = int(np.count_nonzero(differences >= observed * (1 - 1e-12)))
    return (as_large + 1) / (PERMUTATIONS + 1)
