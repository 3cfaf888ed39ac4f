"""Derived figures of a point that several launches measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tpscale_analysis.point import FloatArray, Metric, Point
from tpscale_analysis.statistics import median_estimate, series_marks, spread

# throughput = work / time: the series that holds the time
_TIME_OF = {
    "prefill_throughput": "timed/prefill_seconds",
    "decode_throughput": "timed/decode_seconds",
    "output_throughput": "timed/wall_seconds",
    "total_throughput": "timed/wall_seconds",
}


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
        return metrics[0]
    key = _TIME_OF.get(name.removesuffix("_per_device"), "")
    if key and all(key in run.samples for run in runs):
        series = [rows.max(axis=1) for rows in (pool_rows([run], key) for run in runs) if rows.size]
        if len(series) == len(runs) and all((times > 0).all() for times in series):
            return _from_times(runs, metrics, key, series)
    values = [metric.value for metric in metrics]
    middle = float(np.median(values))
    return Metric(
        name=name,
        unit=metrics[0].unit,
        value=middle,
        low=min(metric.low for metric in metrics),
        high=max(metric.high for metric in metrics),
        samples=sum(metric.samples for metric in metrics),
        spread=max(metric.spread for metric in metrics),
        method=f"median of {len(metrics)} launches, from the lowest to the highest interval end",
        how_obtained="; ".join(dict.fromkeys(metric.how_obtained for metric in metrics)),
        marks=tuple(dict.fromkeys(mark for metric in metrics for mark in metric.marks)),
    )


def _from_times(
    runs: Sequence[Point], metrics: Sequence[Metric], key: str, series: list[FloatArray]
) -> Metric:
    """work / median of all repetitions; the work is the same in every run of one point."""
    work = float(np.median([m.value * np.median(t) for m, t in zip(metrics, series, strict=True)]))
    times = np.concatenate(series)
    seconds = median_estimate(times, f"{runs[0].point_id} {key}")
    kept = [m for metric in metrics for m in metric.marks]
    kept = [m for m in kept if m not in ("few repetitions", "unstable")]
    return Metric(
        name=metrics[0].name,
        unit=metrics[0].unit,
        value=work / seconds.value,
        low=work / seconds.high,
        high=work / seconds.low,
        samples=len(times),
        spread=spread(times),
        method=f"bootstrap of the median over the repetitions of {len(runs)} launches",
        how_obtained=f"{work:.6g} / {seconds.value:.6g} s, "
        f"the median of {len(times)} repetitions of {len(runs)} launches",
        marks=tuple(dict.fromkeys((*kept, *series_marks(times)))),
    )
