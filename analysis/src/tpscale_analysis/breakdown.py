"""Where the time of a step goes, and what communication costs, from the instrumented repetitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import FloatArray

PARTS = ("gemm", "attention", "other", "collective", "host")
PART_TITLES = {
    "gemm": "GEMM",
    "attention": "attention",
    "other": "other kernels",
    "collective": "collectives",
    "host": "host",
}
STEP_PHASES = ("prefill", "decode")
_ALL_REDUCE = re.compile(r"isolated/all_reduce_seconds_(\d{1,18})")


@dataclass(frozen=True)
class Breakdown:
    """The step seconds of one phase at one degree: mean over ranks of the middle repetition."""

    phase: str
    tp: int
    step_seconds: float
    parts: Mapping[str, float]
    fraction_low: float | None  # comm_fraction: least and most over ranks, median of repetitions
    fraction_high: float | None
    skew_seconds: float | None  # most minus least collective seconds over ranks
    repetitions: int


@dataclass(frozen=True)
class IsolatedAllReduce:
    """The same collective alone, at one message size."""

    tp: int
    message_bytes: int
    seconds: float
    algbw: float
    busbw: float
    repetitions: int


def break_down(point: MergedPoint, phase: str) -> Breakdown | None:
    """None where the point has no instrumented repetitions of the phase."""
    step = point.rows(f"instrumented/{phase}_step_seconds")
    parts = {part: point.rows(f"instrumented/{phase}_{part}_seconds") for part in PARTS}
    parts = {part: rows for part, rows in parts.items() if rows.shape == step.shape and rows.size}
    if not step.size or not parts:
        return None
    means = step.mean(axis=1)
    middle = int(np.argsort(means, kind="stable")[(len(means) - 1) // 2])
    low = high = skew = None
    if "collective" in parts:
        shares = fractions(parts["collective"], step)
        low, high = float(np.median(shares.min(axis=1))), float(np.median(shares.max(axis=1)))
        skew = float(np.median(np.ptp(parts["collective"], axis=1)))
    return Breakdown(
        phase=phase,
        tp=point.tp,
        step_seconds=float(means[middle]),
        parts={part: float(rows[middle].mean()) for part, rows in parts.items()},
        fraction_low=low,
        fraction_high=high,
        skew_seconds=skew,
        repetitions=len(step),
    )


def isolated_all_reduce(point: MergedPoint) -> list[IsolatedAllReduce]:
    """By rising message size. algbw = bytes/t, busbw = algbw x 2(n-1)/n."""
    keys = {key for run in point.measured for key in run.samples}
    found = []
    for key in keys:
        match = _ALL_REDUCE.fullmatch(key)
        times = point.repetitions(key) if match else np.empty(0)
        if not match or not len(times) or not np.median(times) > 0:
            continue
        size, seconds = int(match[1]), float(np.median(times))
        rate = size / seconds
        factor = 2 * (point.tp - 1) / point.tp
        found.append(IsolatedAllReduce(point.tp, size, seconds, rate, rate * factor, len(times)))
    return sorted(found, key=lambda entry: entry.message_bytes)


def fractions(collective: FloatArray, step: FloatArray) -> FloatArray:
    """comm_fraction of every repetition and rank."""
    return np.divide(collective, step, out=np.zeros_like(step), where=step > 0)
