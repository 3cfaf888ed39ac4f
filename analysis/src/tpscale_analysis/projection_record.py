"""A projection in results.json: every key of what was not measured says so."""

from __future__ import annotations

from typing import Any

from tpscale_analysis.projection import LABEL, ProjectedRow, Projection
from tpscale_analysis.statistics import Estimate


def projection_record(projection: Projection) -> dict[str, Any]:
    model = projection.model
    degrees = [2 ** (index + 1) for index in range(len(model.latencies))]
    return {
        "label": "projection, not a measurement",
        f"{LABEL}_model": {
            "formula": "t(n, S) = latency(n) + 2(n-1)/n x S / bus_bandwidth",
            "latency_seconds": dict(zip(map(str, degrees), model.latencies, strict=True)),
            "bus_bandwidth": model.bus_bandwidth,
            "source": model.source,
        },
        f"{LABEL}_rows": [_row(row) for row in projection.rows],
    }


def _row(row: ProjectedRow) -> dict[str, Any]:
    return {
        "phase": row.phase.name,
        "shard_of": row.degree,
        "base_shard_of": row.base_degree,
        "computing_seconds_measured": _estimate(row.computing),
        f"{LABEL}_all_reduces": [
            {
                "phase": added.left_out.phase,
                "steps": added.left_out.steps,
                "all_reduces": added.left_out.all_reduces,
                "message_bytes": added.left_out.message_bytes,
                "seconds_each": added.seconds_each,
                "source": added.source,
                "how_obtained": added.how,
            }
            for added in row.added
        ],
        f"{LABEL}_seconds": _estimate(row.seconds),
        f"{LABEL}_step_seconds": _estimate(row.step),
        f"{LABEL}_speedup": _estimate(row.speedup),
        f"{LABEL}_efficiency": _estimate(row.efficiency),
        "how_obtained": row.how_obtained,
        "reason": row.reason,
    }


def _estimate(estimate: Estimate | None) -> dict[str, float] | None:
    return dict(vars(estimate)) if estimate else None
