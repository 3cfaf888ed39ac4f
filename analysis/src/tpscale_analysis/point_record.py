"""One point as the test plan wants it recorded: results.json, `tests`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import Metric
from tpscale_analysis.recheck.findings import Finding

Json = dict[str, Any]
_STATE = ("seed", "workload_hash", "cache_state", "repetition_rule_ended")


def point_record(point: MergedPoint, withheld: str, findings: Sequence[Finding]) -> Json:
    """`withheld`: why it has no figures, or "". `findings`: of its runs."""
    metrics = {} if withheld else point.metrics
    return {
        "test_name": point.test_name,
        "test_date": point.first.test_date,
        "hardware": dict(point.first.hardware),
        "method": point.first.method,
        "parameters": dict(point.parameters),
        "results": {name: figure_record(metric) for name, metric in metrics.items()},
        "how_obtained": {name: metric.how_obtained for name, metric in metrics.items()},
        "verification": {
            "point_id": point.point_id,
            "status": point.status,
            "withheld": withheld,
            "launches": len(point.runs),
            "marks": list(point.marks),
            "conditions": {n: v for n, v in point.first.conditions.items() if n in _STATE},
            "verdicts": [dict(vars(verdict)) for verdict in point.verdicts],
            "repetitions": {name: metric.samples for name, metric in metrics.items()},
            "spread": {name: metric.spread for name, metric in metrics.items()},
            "made_again": {
                "agree": sum(1 for finding in findings if finding.agrees),
                "differ": [f.name for f in findings if f.agrees is False],
                "not_made": [f.name for f in findings if f.agrees is None],
            },
            "absent": dict(point.absent),
        },
    }


def figure_record(metric: Metric) -> Json:
    return {
        "value": metric.value,
        "low": metric.low,
        "high": metric.high,
        "unit": metric.unit,
        "samples": metric.samples,
        "spread": metric.spread,
        "marks": list(metric.marks),
    }
