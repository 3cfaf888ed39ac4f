"""How a stored figure is made again from the samples of its run."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tpscale_analysis.breakdown import fractions
from tpscale_analysis.experiments.arms import split
from tpscale_analysis.pairs import PairedFigure, counted_rows, paired_figure, paired_times
from tpscale_analysis.point import FloatArray, Metric, Point
from tpscale_analysis.recheck.bootstrap_range import median_ends, paired_ratio_ends
from tpscale_analysis.recheck.formula import evaluate
from tpscale_analysis.recheck.quality import quality

Ends = tuple[FloatArray, FloatArray]
_ISOLATED = re.compile(r"all_reduce_(seconds|algbw|busbw)_(\d{1,18})")
_FRACTION = re.compile(r"(prefill|decode)_comm_fraction(|_min|_skew)")
_LATENCY = re.compile(r"(?P<what>ttft\w*|tpot|itl)_(?P<statistic>mean|p\d{1,2})(_seconds)?")
_NANOSECOND = 1e-9
_ON_RANK_0 = "rank 0"  # in the arithmetic of what is taken there alone


@dataclass(frozen=True)
class Made:
    """A figure made again; `ends` where its interval may begin and end, if it is a bootstrap's."""

    value: float
    ends: Ends | None
    how: str
    rounding: float = 0.0  # of the raw values, absolute


def make_again(run: Point, metric: Metric, arms: tuple[str, ...]) -> Made | None:
    """None where neither samples nor arithmetic lead to the figure."""
    stem, arm = split(metric.name, arms)
    paired = paired_figure(metric.name, [run])
    if paired:
        return _pairs(run, metric, paired)
    latency = _latency(run, stem, arm)
    if latency is not None:
        how = "percentiles of the raw times of every request"
        return Made(float(np.median(latency)), None, how, _NANOSECOND)
    judged = quality(run, metric, stem, arm)
    if judged is not None:
        return Made(judged, None, "the raw rows of the judged text")
    values, how = _values(run, metric, stem, arm)
    if values is None or not len(values):
        return None
    value = float(np.median(values))
    return Made(value, median_ends(values) if len(values) > 1 else None, how)


def _values(run: Point, metric: Metric, stem: str, arm: str) -> tuple[FloatArray | None, str]:
    """A value a repetition, and where it is from."""
    end = f"_{arm}" if arm else ""
    rank_0 = _ON_RANK_0 in metric.how_obtained
    special = _special(run, metric.name)
    if special is not None:
        return special, "made again from the samples"
    for key in (f"timed/{stem}{end}", f"timed/{stem}_seconds{end}", f"isolated/{stem}{end}"):
        found = counted(run, key, rank_0)
        if found is not None:
            return found, f"the repetitions of {key}"
    found = counted(run, f"memory/{metric.name}", rank_0)
    if found is not None:
        return np.array([found.max()]), f"the most over ranks of memory/{metric.name}"

    def series(name: str) -> FloatArray | None:
        for key in (f"timed/{name}{end}", f"timed/{name}"):
            values = counted(run, key, rank_0)
            if values is not None:
                return values
        return None

    return evaluate(metric.how_obtained, series), "its own arithmetic, evaluated"


def _latency(run: Point, stem: str, arm: str) -> FloatArray | None:
    """A percentile of each repetition that counts, from the times of its requests; None where they are not kept."""
    match = _LATENCY.fullmatch(stem)
    if not match:
        return None
    end = f"_{arm}" if arm else ""
    name = f"{match['what']}_{match['statistic']}_seconds{end}"
    raw, series = run.arrays.get(f"{match['what']}_ns{end}"), run.samples.get(f"timed/{name}")
    if raw is None or series is None or len(raw) != len(series.rows):
        return None
    counts = counted_rows(series)
    found = []
    for row in raw[counts]:
        times = row[row >= 0] * _NANOSECOND
        if not len(times):
            return None
        mean = match["statistic"] == "mean"
        found.append(times.mean() if mean else np.percentile(times, float(match["statistic"][1:])))
    return np.array(found)


def counted(run: Point, key: str, rank_0: bool = False) -> FloatArray | None:
    """What counts of a series, a value a repetition: its maximum over ranks, or that of rank 0."""
    series = run.samples.get(key)
    if series is None:
        return None
    clean = series.counted()
    rows = clean if clean.size else series.counted(tainted=True)
    if not rows.size:
        return None
    return rows[:, 0] if rank_0 else rows.max(axis=1)


def _special(run: Point, name: str) -> FloatArray | None:
    match = _ISOLATED.fullmatch(name)
    if match:
        return _all_reduce(run, match[1], int(match[2]))
    match = _FRACTION.fullmatch(name)
    if not match:
        return None
    step = run.samples.get(f"instrumented/{match[1]}_step_seconds")
    inside = run.samples.get(f"instrumented/{match[1]}_collective_seconds")
    if step is None or inside is None or step.rows.shape != inside.rows.shape:
        return None
    shares = fractions(inside.rows, step.rows)
    low, high = shares.min(axis=1), shares.max(axis=1)
    made: FloatArray = {"": high, "_min": low, "_skew": high - low}[match[2]]
    return made


def _all_reduce(run: Point, what: str, size: int) -> FloatArray | None:
    seconds = counted(run, f"isolated/all_reduce_seconds_{size}")
    if seconds is None or what == "seconds" or not (seconds > 0).all():
        return seconds
    ranks = run.samples[f"isolated/all_reduce_seconds_{size}"].rows.shape[1]
    rates: FloatArray = size / seconds * (2 * (ranks - 1) / ranks if what == "busbw" else 1.0)
    return rates


def _pairs(run: Point, metric: Metric, figure: PairedFigure) -> Made | None:
    above, below = paired_times(figure, [run])
    if not len(above) or not ((above > 0).all() and (below > 0).all()):
        return None
    value = figure.scale * float(np.median(above) / np.median(below)) + figure.offset
    ends = None
    if len(above) > 1:
        low, high = paired_ratio_ends(above, below, f"{metric.name} {len(above)}")
        ends = (figure.scale * low + figure.offset, figure.scale * high + figure.offset)
        if figure.scale < 0:
            ends = (ends[1][::-1], ends[0][::-1])
    return Made(value, ends, f"the ratio of the pairs of {figure.above} and {figure.below}")
