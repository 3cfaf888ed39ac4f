"""results.json: every figure with its arithmetic, every raw sample, how all of it was verified."""

from __future__ import annotations

import json
from typing import Any

from tpscale_analysis.breakdown import STEP_PHASES, break_down, isolated_all_reduce
from tpscale_analysis.checklist import checklist
from tpscale_analysis.memory import memory_use
from tpscale_analysis.merge import MergedPoint, device_of
from tpscale_analysis.methods_record import (
    compares_methods,
    method_baselines,
    method_rows,
    method_stats,
)
from tpscale_analysis.point import Point, Samples
from tpscale_analysis.point_record import figure_record, point_record
from tpscale_analysis.projection_record import projection_record
from tpscale_analysis.results import Results
from tpscale_analysis.scaling import PHASES, Scaling, ScalingRow
from tpscale_analysis.statistics import Estimate, median_estimate, spread

Json = dict[str, Any]


def to_json(record: Json) -> str:
    """The text of results.json, from the summary."""
    return json.dumps(record, indent=1, allow_nan=False, ensure_ascii=True) + "\n"


def summary(results: Results) -> Json:
    """The keys of a test record, over all points."""
    return {
        "format": "tpscale-analysis",
        "schema_version": 1,
        "test_name": ", ".join(results.test_names),
        "test_date": min(run.test_date for run in results.runs),
        "hardware": _hardware(results),
        "method": {point.test_name: point.first.method for point in results.points},
        "parameters": dict(results.common_parameters),
        "tests": _tests(results),
        "plan": [dict(vars(row)) for row in results.plan],
        "results": _results(results),
        "how_obtained": _how_obtained(results),
        "verification": _verification(results),
        "config": [_config(run) for run in results.runs],
        "raw_results": {
            point.point_id: [_raw(run) for run in point.runs] for point in results.points
        },
        "aggregated_stats": {
            point.point_id: _aggregated(point, results) for point in results.points
        },
        "baseline_stats": [
            *[_baseline(scaling) for scaling in results.scalings],
            *method_baselines(point for study in results.studies for point in study.measured),
        ],
    }


def _tests(results: Results) -> list[Json]:
    withheld = results.refusals()
    return [
        point_record(point, withheld.get(point.point_id, ""), results.findings_of([point]))
        for point in results.points
    ]


def _hardware(results: Results) -> list[Json]:
    devices: dict[str, Json] = {}
    for run in results.runs:
        devices.setdefault(device_of(run), {"device": device_of(run), **dict(run.hardware)})
    return [devices[name] for name in sorted(devices)]


def _results(results: Results) -> list[Json]:
    withheld = results.refusals()
    curves = [
        {
            "test_name": scaling.curve.test_name,
            "parameters": dict(scaling.curve.common),
            "base_tp": scaling.curve.base.tp,
            "points": [_curve_point(scaling, point) for point in scaling.curve.points],
        }
        for scaling in results.scalings
    ]
    studies = [
        {
            "test_name": study.test_name,
            "parameters": dict(study.common),
            "points": [_point(point, withheld.get(point.point_id, "")) for point in study.points],
        }
        for study in results.studies
    ]
    return [*curves, *_graphs(results), *_shards(results), *studies]


def _graphs(results: Results) -> list[Json]:
    return [
        {
            "test_name": study.group.test_name,
            "parameters": dict(study.group.common),
            "points": [
                {"tp": gain.tp, "batch_size": gain.batch_size, **_point(gain.point, gain.reason)}
                for gain in study.gains
            ],
        }
        for study in results.graph_studies
    ]


def _shards(results: Results) -> list[Json]:
    return [
        {
            "test_name": entry.study.group.test_name,
            "parameters": dict(entry.study.group.common),
            "points": [
                {"shard_of": shard.shard_of, **_point(shard.point, shard.reason)}
                for shard in entry.study.shards
            ],
            "projection": projection_record(entry),
        }
        for entry in results.projections
    ]


def _point(point: MergedPoint, reason: str) -> Json:
    shown = {} if reason else point.metrics
    return {
        "point_id": point.point_id,
        "parameters": dict(point.parameters),
        "status": point.status,
        "marks": list(point.marks),
        "withheld": reason,
        "metrics": {name: figure_record(metric) for name, metric in shown.items()},
        "absent": dict(point.absent),
    }


def _curve_point(scaling: Scaling, point: MergedPoint) -> Json:
    reason = scaling.reason(point)
    record = {**_point(point, reason), "tp": point.tp}
    rows = [row for row in scaling.rows if row.tp == point.tp]
    record["phases"] = {row.phase.name: _row(row) for row in rows}
    if reason:
        return record
    steps = {phase: break_down(point, phase) for phase in STEP_PHASES}
    record["breakdown"] = {phase: _plain(step) for phase, step in steps.items() if step}
    record["isolated_all_reduce"] = [_plain(entry) for entry in isolated_all_reduce(point)]
    record["memory"] = {use.name: _plain(use) for use in memory_use(point)}
    return record


def _row(row: ScalingRow) -> Json:
    return {
        "seconds": _estimate(row.seconds),
        "repetitions": row.repetitions,
        "spread": row.spread,
        "throughput": row.throughput.value if row.throughput else None,
        "speedup": _estimate(row.speedup),
        "efficiency": _estimate(row.efficiency),
        "marks": list(row.marks),
        "reason": row.reason,
    }


def _estimate(estimate: Estimate | None) -> Json | None:
    return _plain(estimate) if estimate else None


def _plain(item: object) -> Json:
    return {
        name: dict(value) if isinstance(value, dict) else value
        for name, value in vars(item).items()
    }


def _how_obtained(results: Results) -> Json:
    found: Json = {}
    withheld = results.refusals()
    for point in results.points:
        if point.point_id not in withheld:
            texts = {name: metric.how_obtained for name, metric in point.metrics.items()}
            found[point.point_id] = texts
    for scaling in results.scalings:
        for point in scaling.curve.points:
            rows = [r for r in scaling.rows if r.tp == point.tp and r.how_obtained]
            texts = {f"{row.phase.name}_speedup_efficiency": row.how_obtained for row in rows}
            found.setdefault(point.point_id, {}).update(texts)
    return found


def _verification(results: Results) -> Json:
    return {
        "verdicts": {
            point.point_id: [dict(vars(verdict)) for verdict in point.verdicts]
            for point in results.points
        },
        "token_equality": {
            point.point_id: dict(vars(scaling.equality[point.tp]))
            for scaling in results.scalings
            for point in scaling.curve.points
        },
        "withheld": results.refusals(),
        "checklist": [dict(vars(item)) for item in checklist(results)],
        "recomputed": [
            {
                "point_id": finding.point_id,
                "test_date": finding.test_date,
                "name": finding.name,
                "stored": finding.stored,
                "made_again": finding.made,
                "agrees": finding.agrees,
                "how": finding.how,
            }
            for finding in results.findings
        ],
    }


def _config(run: Point) -> Json:
    return {
        "point_id": run.point_id,
        "test_date": run.test_date,
        "provenance": dict(run.provenance),
        "conditions": dict(run.conditions),
    }


def _raw(run: Point) -> Json:
    return {
        "test_date": run.test_date,
        "status": run.status,
        "status_reason": run.status_reason,
        "samples": {key: _samples(run.samples[key]) for key in sorted(run.samples)},
        "rows": method_rows(run),
    }


def _samples(series: Samples) -> Json:
    return {
        "unit": series.unit,
        "clock": series.clock,
        "warm_ups": series.warm_ups,
        "columns": list(series.columns),
        "rows": series.rows.tolist(),
        "marks": list(series.marks),
    }


def _aggregated(point: MergedPoint, results: Results) -> Json:
    """Statistics of the repetitions, pooled over launches, or of each method; none where figures are withheld."""
    if point.failed or point.point_id in results.refusals():
        return {}
    if any(compares_methods(run) for run in point.measured):
        return method_stats(point)
    found: Json = {}
    keys = sorted({key for run in point.measured for key in run.samples})
    for key in (key for key in keys if not key.startswith(("monitor/", "quality/"))):
        times = point.repetitions(key)
        if len(times):
            estimate = median_estimate(times, f"{point.point_id} {key}")
            found[key] = {
                "launches": sum(1 for run in point.measured if key in run.samples),
                "repetitions": len(times),
                "median": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "min": float(times.min()),
                "max": float(times.max()),
                "spread": spread(times),
            }
    return found


def _baseline(scaling: Scaling) -> Json:
    base = scaling.curve.base
    rows = [row for row in scaling.rows if row.tp == base.tp]
    return {
        "test_name": scaling.curve.test_name,
        "point_id": base.point_id,
        "tp": base.tp,
        "seconds": {row.phase.name: _estimate(row.seconds) for row in rows},
        "drift": {
            phase.name: _estimate(scaling.drifts[phase.name].change)
            for phase in PHASES
            if phase.name in scaling.drifts
        },
    }
