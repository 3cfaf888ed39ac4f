"""The figures that two matched points have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tpscale_analysis.compare.judging import (
    AMBIGUOUS,
    DIFFERENT,
    SAME,
    Judgement,
    Limits,
    Timed,
    judge,
    judge_bytes,
)
from tpscale_analysis.compare.matching import Matched
from tpscale_analysis.statistics import Estimate

# What a user waits for; their percentiles and parts follow from the same repetitions.
_TIMED = (
    "wall", "prefill", "decode", "ttft_mean", "tpot_mean", "itl_p99", "request", "enqueue",
    "device_to_host", "host_to_device",
)  # fmt: skip
_MEMORY = ("memory_weights", "memory_kv_cache", "memory_peak")
_COUNTED = (
    "cache_hit_rate",
    "compute_saved",
    "perplexity",
    "accuracy",
    "bits_per_byte",
    "utilisation",
)
_TELLS_NOTHING = (
    "oversubscribed",
    "tainted",
    "virtual",
)  # marks of times that no claim is made from
_NOT_COMPARED = ("selftest",)  # its arms are slowed on purpose


@dataclass(frozen=True)
class Compared:
    """One figure of one pair of points."""

    pair: Matched
    name: str
    unit: str
    before: float
    after: float
    judgement: Judgement
    marks: tuple[str, ...]


def compare(pairs: Sequence[Matched], limits: Limits) -> list[Compared]:
    """All figures of all pairs; the correction runs over all that were timed."""
    pairs = [pair for pair in pairs if pair.before.test_name not in _NOT_COMPARED]
    timed = [(pair, figure) for pair in pairs for figure in _timed(pair)]
    judgements = judge([figure for _, figure in timed], limits)
    compared = [
        _compared(pair, figure, judgement)
        for (pair, figure), judgement in zip(timed, judgements, strict=True)
    ]
    compared += [found for pair in pairs for found in _without_interval(pair, limits)]
    order = {id(pair): place for place, pair in enumerate(pairs)}
    return sorted(compared, key=lambda found: order[id(found.pair)])


def _compared(pair: Matched, figure: Timed, judgement: Judgement) -> Compared:
    marks = _marks(pair, figure.name)
    if any(mark in _TELLS_NOTHING for mark in marks):
        judgement = replace(judgement, verdict=AMBIGUOUS, regression=False)
    before, after = float(np.median(figure.before)), float(np.median(figure.after))
    return Compared(pair, figure.name, "s", before, after, judgement, marks)


def _timed(pair: Matched) -> Iterable[Timed]:
    if pair.before.failed or pair.after.failed:
        return
    series = sorted(
        {key for run in pair.before.measured for key in run.samples if key.startswith("timed/")}
    )
    for key in series:
        name = key.removeprefix("timed/")
        stem = next((stem for stem in _TIMED if name.startswith(f"{stem}_seconds")), None)
        before, after = pair.before.repetitions(key), pair.after.repetitions(key)
        if stem and len(before) and len(after) and (before > 0).all() and (after > 0).all():
            yield Timed(name, before, after)


def _without_interval(pair: Matched, limits: Limits) -> Iterable[Compared]:
    ours, theirs = pair.before.metrics, pair.after.metrics
    for name in sorted(set(ours) & set(theirs)):
        before, after = ours[name], theirs[name]
        if name in _MEMORY:
            judgement = judge_bytes(before.value, after.value, limits)
        elif name.startswith(_COUNTED) and before.low == before.high and after.low == after.high:
            same = abs(after.value - before.value) <= 1e-9 * max(
                abs(after.value), abs(before.value)
            )
            ratio = after.value / before.value if before.value else 1.0
            verdict = SAME if same else DIFFERENT
            judgement = Judgement(Estimate(ratio, ratio, ratio), 0.0, verdict, regression=False)
        else:
            continue
        yield Compared(pair, name, before.unit, before.value, after.value, judgement, ())


def _marks(pair: Matched, name: str) -> tuple[str, ...]:
    marks = [mark for side in (pair.before, pair.after) for mark in side.marks]
    if any(side.is_tainted(f"timed/{name}") for side in (pair.before, pair.after)):
        marks.append("tainted")
    if any(len(side.repetitions(f"timed/{name}")) < 8 for side in (pair.before, pair.after)):
        marks.append("few repetitions")
    return tuple(dict.fromkeys(marks))


def summary(compared: Sequence[Compared]) -> dict[str, int]:
    """How many of each verdict, the frequent ones first."""
    counts: dict[str, int] = {}
    for found in compared:
        counts[found.judgement.verdict] = counts.get(found.judgement.verdict, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (item[0] == AMBIGUOUS, -item[1], item[0])))
