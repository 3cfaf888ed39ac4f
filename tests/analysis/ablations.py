"""Comparisons of arms, shards alone and device monitors of known outcome, as the suite would store them."""

from __future__ import annotations

from typing import Any

import numpy as np
from schema_writer import PointSpec, median_of, ratio_of

Series = dict[tuple[str, str], tuple[np.ndarray, str, int]]


def noisy(
    generator: np.random.Generator, median: float, repetitions: int, ranks: int, noise: float
) -> np.ndarray:
    """A slower first row is the warm-up; the first rank is the slowest."""
    times = median * (1 + noise * generator.standard_normal((repetitions + 1, ranks)))
    times = np.minimum(times, times[:, :1])
    times[0] *= 3
    return times


def monitor(samples: int = 50, reason: str = "") -> tuple[Series, dict[tuple[str, str], list[str]]]:
    """A device that warms up while it works."""
    seconds = np.arange(samples) * 0.1
    rise = 1 - np.exp(-seconds)
    values = {
        "device_sample_time": (seconds, "s"),
        "device_clock_sm": (1.98e9 - 1e8 * rise, "Hz"),
        "device_clock_memory": (np.full(samples, 2.6e9), "Hz"),
        "device_temperature": (35 + 30 * rise, "degC"),
        "device_power": (90 + 500 * rise, "W"),
        "device_memory_used": (np.full(samples, 20 * 1024.0**3), "B"),
    }
    series: Series = {
        ("monitor", name): (column.reshape(-1, 1), unit, 0)
        for name, (column, unit) in values.items()
    }
    marks = [reason if row > samples // 2 else "" for row in range(samples)]
    return series, {("monitor", "device_sample_time"): marks}


def graph_point(
    batch_size: int,
    *,
    tp: int = 1,
    enqueue_off: float = 200e-6,
    enqueue_on: float = 10e-6,
    step_off: float = 220e-6,
    step_on: float = 100e-6,
    repetitions: int = 10,
    noise: float = 0.01,
    seed: int = 0,
    parameters: dict[str, Any] | None = None,
    **other: Any,
) -> PointSpec:
    """One comparison: decode seconds are 32 steps."""
    generator = np.random.default_rng([seed, batch_size, tp])
    medians = {
        "enqueue_seconds_off": enqueue_off,
        "enqueue_seconds_on": enqueue_on,
        "decode_step_seconds_off": step_off,
        "decode_step_seconds_on": step_on,
        "decode_seconds_off": 32 * step_off,
        "decode_seconds_on": 32 * step_on,
        "wall_seconds_off": 33 * step_off,
        "wall_seconds_on": 33 * step_on,
    }
    samples: Series = {
        ("timed", name): (noisy(generator, median, repetitions, tp, noise), "s", 1)
        for name, median in medians.items()
    }
    times = {name: samples["timed", name][0][1:].max(axis=1) for name in medians}
    off, on = times["decode_seconds_off"], times["decode_seconds_on"]
    step = times["decode_step_seconds_on"]
    tokens = 32 * batch_size
    results = {name: median_of(values, "s", f"{name} of a step") for name, values in times.items()}
    for name, seconds, devices in (
        ("decode_throughput_off", off, 1),
        ("decode_throughput_on", on, 1),
        ("decode_throughput_per_device_on", on, tp),
    ):
        how = f"{tokens} tokens / decode_seconds of the slowest rank / {devices} devices"
        results[name] = median_of(tokens / seconds / devices, "token/s", how)
    for name, above, below, scale, offset in (
        ("cpu_overhead_reduction", times["enqueue_seconds_on"], times["enqueue_seconds_off"], -100.0, 100.0),
        ("throughput_improvement", off, on, 100.0, -100.0),
        ("predicted_improvement", np.maximum(times["enqueue_seconds_off"], step), step, 100.0, -100.0),
    ):  # fmt: skip
        results[name] = ratio_of(above, below, scale, offset, "%", "a ratio of pairs x 100")
    for name, value, unit in (
        ("capture_seconds", 0.25, "s"),
        ("graph_memory", 96 * 1024.0**2, "B"),
        ("graph_nodes", 187.0, "1"),
    ):
        results[name] = (value, value, value, unit)
    identity = {
        "experiment": "cuda-graph", "model": "tiny", "dtype": "bf16", "workload": "fixed",
        "backend": "cuda", "num_sequences": batch_size, "tp": tp, "batch_size": batch_size,
        "workload_hash": f"{batch_size:016x}",
    }  # fmt: skip
    fields: dict[str, Any] = {
        "test_name": "cuda-graph",
        "samples": samples,
        "results": results,
        "verdicts": [("token equality of on and off", True, "L0", "all sequences equal")],
        "arrays": {"output_tokens": np.arange(6).reshape(1, 6)},
        "parameters": {**identity, **(parameters or {})},
    }
    return PointSpec(**{**fields, **other})


def graph_launch(tp: int = 1, seed: int = 0, **other: Any) -> list[PointSpec]:
    """The host's enqueueing bounds small batches, the device large ones."""
    steps = {1: 100e-6, 2: 104e-6, 4: 110e-6, 8: 125e-6, 16: 160e-6, 32: 240e-6}
    return [
        graph_point(
            batch, tp=tp, step_on=step, step_off=max(210e-6, step * 1.04), seed=seed, **other
        )
        for batch, step in steps.items()
    ]


def not_available(batch_size: int, reason: str = "backend 'cpu' has no graphs") -> PointSpec:
    point = graph_point(batch_size)
    point.status, point.status_reason = "not_available", reason
    point.samples, point.results, point.arrays, point.verdicts = {}, {}, {}, []
    return point


def shard_point(
    shard_of: int,
    *,
    prefill: float = 0.08,
    decode: float = 0.32,
    message: int = 16384,
    noise: float = 0.01,
    repetitions: int = 10,
    seed: int = 0,
    parameters: dict[str, Any] | None = None,
    **other: Any,
) -> PointSpec:
    """2 prefill steps, 32 decode steps, 57 all-reduces a step where there is more than one rank."""
    generator = np.random.default_rng([seed, shard_of])
    medians = {"prefill": prefill, "decode": decode, "wall": prefill + decode}
    samples: Series = {
        ("timed", f"{name}_seconds"): (noisy(generator, median, repetitions, 1, noise), "s", 1)
        for name, median in medians.items()
    }
    results = {
        "prefill_throughput": (4096 / prefill, 4096 / prefill, 4096 / prefill, "token/s"),
        "decode_throughput": (256 / decode, 256 / decode, 256 / decode, "token/s"),
        "decode_mbu": (0.6, 0.59, 0.61, "1"),
        "memory_weights": (2.0**30 / shard_of, 2.0**30 / shard_of, 2.0**30 / shard_of, "B"),
    }
    identity = {
        "experiment": "shard-replay", "model": "tiny", "dtype": "bf16", "workload": "fixed",
        "backend": "cuda", "communicator": "auto", "tp": 1, "shard_of": shard_of,
    }  # fmt: skip
    fields: dict[str, Any] = {
        "test_name": "shard-replay",
        "marks": ["shard replay"],
        "samples": samples,
        "results": results,
        "conditions": {
            "left_out_all_reduces_per_step": 0 if shard_of == 1 else 57,
            "left_out_decode_message_bytes": message,
            "left_out_prefill_message_bytes": 64 * message,
            "decode_steps": 32,
            "prefill_steps": 2,
        },
        "verdicts": [("repeatable", True, "", "every repetition generated the same tokens")],
        "arrays": {"output_tokens": np.arange(6).reshape(1, 6)},
        "parameters": {**identity, **(parameters or {})},
    }
    return PointSpec(**{**fields, **other})


def shard_launch(**other: Any) -> list[PointSpec]:
    """Computing that divides by N but for a rest."""
    return [
        shard_point(n, prefill=0.08 / n + 0.002, decode=0.32 / n + 0.01, **other)
        for n in (1, 2, 4, 8)
    ]
