"""Experiments of the plan with arms, sweeps and timelines of known outcome, as the suite would store them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from ablations import Series, noisy
from schema_writer import Figure, PointSpec, median_of, ratio_of

Medians = Mapping[str, Mapping[str, float]]  # stem -> arm -> median
OUTPUT_TOKENS = 320


def comparison(
    test_name: str,
    walls: Mapping[str, float],
    *,
    others: Medians | None = None,
    figures: dict[str, Figure] | None = None,
    ratios: Mapping[str, tuple[str, str, float, float]] | None = None,
    parameters: dict[str, Any] | None = None,
    repetitions: int = 10,
    seed: int = 0,
    **fields: Any,
) -> PointSpec:
    """Arms by their median wall seconds; `ratios`: name -> (arm above, arm below, scale, offset) of the walls."""
    generator = np.random.default_rng([seed, len(walls)])
    samples: Series = {}
    results: dict[str, Figure] = {}
    for stem, medians in {"wall_seconds": walls, **(others or {})}.items():
        for arm, median in medians.items():
            name = f"{stem}_{arm}" if arm else stem
            rows = noisy(generator, median, repetitions, 1, 0.01)
            samples["timed", name] = (rows, "s", 1)
            results[name] = median_of(rows[1:, 0], "s", f"{stem} of the one rank")
    for arm in walls:
        end = f"_{arm}" if arm else ""
        rates = OUTPUT_TOKENS / samples["timed", f"wall_seconds{end}"][0][1:, 0]
        how = f"{OUTPUT_TOKENS} output tokens / wall_seconds of the one rank"
        results[f"output_throughput{end}"] = median_of(rates, "token/s", how)
    for name, (above, below, scale, offset) in (ratios or {}).items():
        times = [samples["timed", f"wall_seconds_{arm}"][0][1:, 0] for arm in (above, below)]
        unit = "%" if abs(scale) == 100 else "1"
        results[name] = ratio_of(
            times[0], times[1], scale, offset, unit, f"wall {above} over {below}"
        )
    identity = {
        "experiment": test_name, "model": "tiny", "dtype": "f32", "workload": "fixed", "threads": 1,
        "num_sequences": 8, "tp": 1, "workload_hash": "beef",
    }  # fmt: skip
    made: dict[str, Any] = {
        "test_name": test_name,
        "samples": samples,
        "results": {**results, **(figures or {})},
        "verdicts": [("token equality", True, "L0", "all sequences equal")],
        "arrays": {"output_tokens": np.arange(OUTPUT_TOKENS).reshape(8, -1)},
        "parameters": {**identity, **(parameters or {})},
    }
    return PointSpec(**{**made, **fields})


def prefix_point(share: float, model: str = "tiny", **other: Any) -> PointSpec:
    """A share of the requests begin with the same 80 %: what is cached is not computed."""
    looked_up = 51_200
    cached = int(0.8 * share * looked_up)
    rate = cached / looked_up
    return comparison(
        "prefix-cache",
        {"off": 1.0, "on": 1.0 - 0.6 * rate},
        others={"ttft_mean_seconds": {"off": 0.5, "on": 0.5 - 0.3 * rate}},
        figures={
            "cache_hit_rate": (rate, rate, rate, "1", f"{cached} cached / {looked_up} looked up = {rate:.4g} 1"),
            "predicted_cache_hit_rate": (rate, rate, rate, "1"),
        },
        ratios={"speedup": ("off", "on", 1.0, 0.0)},
        parameters={"shared_share": share, "workload_hash": f"{cached:x}", "model": model},
        **other,
    )  # fmt: skip


def prefix_sweep(**other: Any) -> list[PointSpec]:
    return [prefix_point(share, **other) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


def scheduler_point(**other: Any) -> PointSpec:
    latencies = {
        f"{what}_{statistic}_seconds": {"mixed": base * factor, "separated": 0.9 * base * factor}
        for what, base in (("ttft", 0.2), ("tpot", 0.01), ("itl", 0.01))
        for statistic, factor in (("mean", 1.0), ("p50", 0.9), ("p90", 1.5), ("p99", 2.0))
    }
    return comparison(
        "scheduler",
        {"mixed": 1.0, "separated": 0.9},
        others=latencies,
        ratios={"improvement_vs_mixed": ("separated", "mixed", -100.0, 100.0)},
        figures={"preemptions_mixed": (3.0, 3.0, 3.0, "1"), "preemptions_separated": (0.0,) * 3 + ("1",)},
        **other,
    )  # fmt: skip


def timeline(arm: str = "", samples: int = 30) -> Series:
    """A pool that fills while a run goes on."""
    seconds = np.arange(samples) * 0.5
    values = {
        "memory_kv_cache": (np.full(samples, 2.0**20), "B"),
        "memory_activations": (2.0**18 * (1 + np.sin(seconds)), "B"),
        "kv_slots_used": (np.minimum(seconds * 100, 1000.0), "1"),
    }
    named = {f"{name}_{arm}" if arm else name: value for name, value in values.items()}
    named[f"{arm}_sample_time" if arm else "sample_time"] = (seconds, "s")
    return {
        ("monitor", name): (column.reshape(-1, 1), unit, 0)
        for name, (column, unit) in named.items()
    }
