"""Scaling runs of known speed-up, as the suite would store them."""

from __future__ import annotations

from typing import Any

import numpy as np
from schema_writer import PointSpec, median_of

SHARES = {"gemm": 0.6, "attention": 0.2, "other": 0.1, "host": 0.1}


def scaling_point(
    tp: int,
    *,
    seconds: float,
    kind: str = "strong-scaling",
    repetitions: int = 10,
    noise: float = 0.01,
    seed: int = 0,
    base_repeat: bool = False,
    comm: float = 0.1,
    parameters: dict[str, Any] | None = None,
    tokens: np.ndarray | None = None,
    **other: Any,
) -> PointSpec:
    """Prefill takes a third of the seconds, decode the rest; a slower first row is the warm-up."""
    generator = np.random.default_rng([seed, tp, int(base_repeat)])
    sequences = 8 * (tp if kind == "weak-scaling" else 1)

    def rows(median: float) -> np.ndarray:
        times = median * (1 + noise * generator.standard_normal((repetitions + 1, tp)))
        times[:, 0] = median * (1 + noise * generator.standard_normal(repetitions + 1))
        times = np.minimum(times, times[:, :1])  # rank 0 is the slowest: the maximum is its own
        times[0] *= 3
        return times

    samples: dict[tuple[str, str], tuple[np.ndarray, str, int]] = {}
    for name, share in (("prefill", 1 / 3), ("decode", 2 / 3), ("wall", 1.0)):
        samples["timed", f"{name}_seconds"] = (rows(seconds * share), "s", 1)
    for phase, share in (("prefill", 1 / 3), ("decode", 2 / 3)):
        step = rows(seconds * share)[1:4]
        samples["instrumented", f"{phase}_step_seconds"] = (step, "s", 0)
        communication = comm if tp > 1 else 0.0
        for part, weight in SHARES.items():
            part_rows = step * weight * (1 - communication)
            samples["instrumented", f"{phase}_{part}_seconds"] = (part_rows, "s", 0)
        name = f"{phase}_collective_seconds"
        samples["instrumented", name] = (step * communication, "s", 0)
    if tp > 1:
        for size in (8192, 1048576):
            samples["isolated", f"all_reduce_seconds_{size}"] = (
                np.full((5, tp), size / 4e9 + 1e-5), "s", 1)  # fmt: skip
    mib = 1024.0**2
    sizes = {"weights": 512, "kv_cache": 128, "activations": 64}
    for name, size in sizes.items():
        samples["memory", name] = (np.full((1, tp), size * mib / tp), "B", 0)
    for name, size in {"communication": 4, "other": 8, "unaccounted": 16}.items():
        samples["memory", name] = (np.full((1, tp), size * mib), "B", 0)
    peak = sum(sizes.values()) * mib / tp + 12 * mib
    samples["memory", "peak"] = (np.full((1, tp), peak), "B", 0)

    input_tokens, output_tokens = 512 * sequences, 64 * sequences
    work = {
        "prefill": (input_tokens, "prompt tokens computed", "prefill_seconds"),
        "decode": (output_tokens, "output tokens after the first", "decode_seconds"),
        "total": (input_tokens + output_tokens, "input and output tokens", "wall_seconds"),
    }
    results = {
        **{
            f"{name}_throughput": median_of(
                tokens_ / samples["timed", series][0][1:].max(axis=1),
                "token/s",
                f"{tokens_} {what} / {series} of the slowest of {tp} ranks",
            )
            for name, (tokens_, what, series) in work.items()
        },
        "decode_mbu": (0.7, 0.69, 0.71, "1"),
        "an_unknown_metric": (42.0, 42.0, 42.0, "furlong"),
    }
    if tokens is None:
        tokens = np.arange(sequences * 6).reshape(sequences, 6)
    identity = {
        "experiment": kind, "model": "tiny", "dtype": "f32", "workload": "fixed",
        "num_sequences": sequences, "seed": 1, "tp": tp, "threads": 1,
        "base_repeat": base_repeat, "workload_hash": f"{sequences:016x}",
    }  # fmt: skip
    fields: dict[str, Any] = {
        "test_name": kind,
        "samples": samples,
        "results": results,
        "absent": {"prefill_mfu": "the GEMM rate was not measured"},
        "verdicts": [("token equality with the base", True, "L0", f"{sequences} sequences equal")],
        "arrays": {"output_tokens": tokens},
        "parameters": {**identity, **(parameters or {})},
    }
    return PointSpec(**{**fields, **other})


def strong_launch(seed: int = 0, **other: Any) -> list[PointSpec]:
    """Degrees 1, 2, 4, 8 with true speed-ups 1, 1.8, 3.2, 5, and the base again."""
    speedups = {1: 1.0, 2: 1.8, 4: 3.2, 8: 5.0}
    points = [
        scaling_point(tp, seconds=1.2 / speedup, seed=seed, comm=0.04 * tp, **other)
        for tp, speedup in speedups.items()
    ]
    return [*points, scaling_point(1, seconds=1.2, seed=seed, base_repeat=True, **other)]


def weak_launch(seed: int = 0, **other: Any) -> list[PointSpec]:
    """Degrees 1, 2, 4, 8 with true efficiencies 1, 0.95, 0.9, 0.8."""
    efficiencies = {1: 1.0, 2: 0.95, 4: 0.9, 8: 0.8}
    points = [
        scaling_point(tp, seconds=1.2 / efficiency, seed=seed, kind="weak-scaling", **other)
        for tp, efficiency in efficiencies.items()
    ]
    repeat = scaling_point(
        1, seconds=1.2, seed=seed, kind="weak-scaling", base_repeat=True, **other
    )
    return [*points, repeat]
