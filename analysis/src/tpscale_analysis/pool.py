"""Derived figures of a point: pooled over the launches that measured it, tainted repetitions left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tpscale_analysis.pairs import PairedFigure, paired_figure, paired_times
from tpscale_analysis.point import TAINTED, FloatArray, Metric, Point
from tpscale_analysis.statistics import (
    FEW_REPETITIONS,
    Estimate,
    median_estimate,
    paired_ratio_estimate,
    series_marks,
    spread,
)

# figure = work / time, and the series that holds the time (the maximum over ranks)
_TIME_OF = {
    "prefill_throughput": "timed/prefill_seconds",
    "decode_throughput": "timed/decode_seconds",
    "output_throughput": "timed/wall_seconds",
    "total_throughput": "timed/wall_seconds",
    "prefill_mfu": "timed/prefill_seconds",
    "decode_mbu": "timed/decode_seconds",
}
_OF_THE_SERIES = ("few repetitions", "unstable", TAINTED)  # marks that another series may not earn


def pool_metrics(runs: Sequence[Point]) -> Mapping[str, Metric]:
    """One figure a name: that of the run where there is one, else pooled over the runs."""
    names = sorted({name for run in runs for name in run.results})
    return {name: _pool(name, [run for run in runs if name in run.results]) for name in names}


def pool_rows(runs: Sequence[Point], key: str, tainted: bool = False) -> FloatArray:
    """The rows [repetitions, ranks] of one series that count, of all runs; size 0 where there are none."""
    pooled = [run.samples[key].counted(tainted) for run in runs if key in run.samples]
    pooled = [rows for rows in pooled if rows.shape[1] == pooled[0].shape[1]]
    return np.concatenate(pooled) if pooled else np.empty((0, 0))


def _pool(name: str, runs: Sequence[Point]) -> Metric:
    metrics = [run.results[name] for run in runs]
    if len(metrics) == 1:
        return metrics[0]  # made from the very repetitions that count
    paired = paired_figure(name, runs)
    if paired:
        return _from_pairs(paired, metrics, runs)
    key, is_rate = _time_of(name)
    clean, tainted = pool_rows(runs, key), pool_rows(runs, key, tainted=True)
    times = (
        clean.max(axis=1) if clean.size else tainted.max(axis=1) if tainted.size else np.empty(0)
    )
    if len(times) and (times > 0).all() and metrics[0].value > 0:
        work = _work(name, runs, key) if is_rate else None
        marks = () if clean.size else (TAINTED,)
        return _from_times(name, metrics, times, work, (*series_marks(times), *marks), len(runs))
    return _envelope(metrics)


def _time_of(name: str) -> tuple[str, bool]:
    """The series behind a figure, and whether the figure is work over it. An arm's names end in the arm's."""
    for stem, series in _TIME_OF.items():
        if name == stem or name.startswith(f"{stem}_"):
            return series + name.removeprefix(stem).removeprefix("_per_device"), True
    return f"timed/{name}", False


def _work(name: str, runs: Sequence[Point], key: str) -> float:
    """What is divided by the time. A stored rate is the median of work / time over the repetitions that count."""
    found = []
    for run in (run for run in runs if key in run.samples):
        clean = run.samples[key].counted(tainted=False)
        times = (clean if clean.size else run.samples[key].counted(tainted=True)).max(axis=1)
        if (times > 0).all():
            found.append(run.results[name].value / float(np.median(1 / times)))
    return float(np.median(found)) if found else 0.0


def _from_times(
    name: str,
    metrics: Sequence[Metric],
    times: FloatArray,
    work: float | None,
    marks: tuple[str, ...],
    launches: int,
) -> Metric:
    values = times if work is None else work / times
    estimate = median_estimate(values, f"{name} {work} {len(times)}")
    kept = [m for metric in metrics for m in metric.marks if m not in _OF_THE_SERIES]
    arithmetic = f"{work:.6g} / seconds of a repetition" if work else "seconds of a repetition"
    where = f"of {launches} launches"
    return Metric(
        name=name,
        unit=metrics[0].unit,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        samples=len(times),
        spread=spread(values),
        method=f"bootstrap of the median over the repetitions {where} that are not tainted",
        how_obtained=f"{arithmetic}; median of {len(times)} repetitions {where} = "
        f"{estimate.value:.6g} {metrics[0].unit}",
        marks=tuple(dict.fromkeys((*kept, *marks))),
    )


def _from_pairs(figure: PairedFigure, metrics: Sequence[Metric], runs: Sequence[Point]) -> Metric:
    above, below = paired_times(figure, runs)
    if not len(above) or not ((above > 0).all() and (below > 0).all()):
        return _envelope(metrics)
    ratio = paired_ratio_estimate(above, below, f"{metrics[0].name} {len(above)}")
    ends = [figure.scale * end + figure.offset for end in (ratio.value, ratio.low, ratio.high)]
    estimate = Estimate(ends[0], min(ends), max(ends))
    where = f"{len(above)} pairs of repetitions of {len(runs)} launches"
    few = ("few repetitions",) if len(above) < FEW_REPETITIONS else ()
    kept = [m for metric in metrics for m in metric.marks if m not in _OF_THE_SERIES]
    return Metric(
        name=metrics[0].name,
        unit=metrics[0].unit,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        samples=len(above),
        spread=0.0,
        method=f"bootstrap of the ratio of medians over {where}, the arms of a repetition together",
        how_obtained=f"{figure.formula}; {where} = {estimate.value:.6g} {metrics[0].unit}",
        marks=tuple(dict.fromkeys((*kept, *few))),
    )


def _envelope(metrics: Sequence[Metric]) -> Metric:
    return Metric(
        name=metrics[0].name,
        unit=metrics[0].unit,
        value=float(np.median([metric.value for metric in metrics])),
        low=min(metric.low for metric in metrics),
        high=max(metric.high for metric in metrics),
        samples=sum(metric.samples for metric in metrics),
        spread=max(metric.spread for metric in metrics),
        method=f"median of {len(metrics)} launches, from the lowest to the highest interval end",
        how_obtained="; ".join(dict.fromkeys(metric.how_obtained for metric in metrics)),
        marks=tuple(dict.fromkeys(mark for metric in metrics for mark in metric.marks)),
    )
