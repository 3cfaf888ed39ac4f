"""Ways to cut the KV cache, their quality known text by text, as the suite would store them."""

from __future__ import annotations

from typing import Any

import numpy as np
from ablations import Series, noisy
from schema_writer import Figure, PointSpec, median_of

MIB = 1024.0**2
TOKENS = 2000
# arm: mean NLL, share of first choices, cached tokens (mean, most, last), seconds of a token
METHODS: dict[str, tuple[float, float, tuple[float, float, float], float]] = {
    "baseline": (1.10, 0.62, (1000.0, 2000.0, 2000.0), 4.0e-3),
    "streaming_256": (1.14, 0.61, (240.0, 257.0, 256.0), 3.1e-3),
    "streaming_1024": (1.11, 0.62, (760.0, 1025.0, 1024.0), 3.6e-3),
    "recent_only_256": (2.30, 0.40, (240.0, 257.0, 256.0), 3.0e-3),
    "fix_size_l2_256": (1.60, 0.52, (240.0, 257.0, 256.0), 3.3e-3),
    "l2_ratio_0.9": (1.12, 0.62, (930.0, 1100.0, 1010.0), 3.9e-3),
}


def _single(value: float, unit: str, how: str) -> Figure:
    return (value, value, value, unit, f"{how} = {value:.4g} {unit}")


def compression_point(
    tp: int = 1, texts: int = 3, seed: int = 0, worst: float = 2.30, **other: Any
) -> PointSpec:
    """`worst`: mean NLL of recent_only_256."""
    generator = np.random.default_rng([seed, tp])
    samples: Series = {}
    results: dict[str, Figure] = {}
    for arm, (nll, accuracy, cached, token) in METHODS.items():
        prefill = 0.05
        for stem, median in (
            ("ttft_mean", prefill), ("tpot_mean", token), ("wall", prefill + 500 * token),
            ("decode", 500 * token),
        ):  # fmt: skip
            rows = noisy(generator, median / tp, 10, tp, 0.01)
            samples["timed", f"{stem}_seconds_{arm}"] = (rows, "s", 1)
            name = f"{stem}_seconds" if stem in ("wall", "decode") else stem
            results[f"{name}_{arm}"] = median_of(rows[1:].max(axis=1), "s", f"{stem} of an arm")
        times = samples["timed", f"decode_seconds_{arm}"][0][1:].max(axis=1)
        how = "500 output tokens after the first / decode_seconds of the slowest rank"
        results[f"decode_throughput_{arm}"] = median_of(500 / times, "token/s", how)
        mean = worst if arm == "recent_only_256" else nll
        of_texts = np.array([-0.1, 0.0, 0.1])[:texts] + mean
        held = 8 * MIB + cached[1] * 5000 / tp
        raw = {
            "text_nll": of_texts * TOKENS,
            "text_hits": np.full(texts, accuracy * TOKENS),
            "text_tokens": np.full(texts, float(TOKENS)),
            "cache_tokens_mean": np.full(texts, cached[0]),
            "cache_tokens_max": np.full(texts, cached[1]),
            "cache_tokens_final": np.full(texts, cached[2]),
            "memory_peak": np.full(texts, held),
            "kv_cache_peak": np.full(texts, held - 8 * MIB),
        }
        for stem, values in raw.items():
            unit = "B" if stem.endswith("_peak") else "token" if "_tokens" in stem else "1"
            samples["quality", f"{stem}_{arm}"] = (values.reshape(-1, 1), unit, 0)
            if not stem.startswith("text_"):
                results[f"{stem}_{arm}"] = _single(float(values.max()), unit, "of all texts")
        whole = float(of_texts.sum()) * TOKENS
        perplexity = float(np.exp(of_texts.mean()))
        results[f"perplexity_{arm}"] = _single(perplexity, "1", "exp(mean NLL over all texts)")
        results[f"accuracy_{arm}"] = _single(accuracy, "1", "first choices right")
        results[f"bits_per_byte_{arm}"] = _single(
            whole / np.log(2) / 9000, "1", f"NLL {whole:.4f} summed / (ln 2 x 9,000 bytes)"
        )
    fields: dict[str, Any] = {
        "test_name": "kv-compression",
        "samples": samples,
        "results": results,
        "conditions": {"arms": ", ".join(METHODS)},
        "verdicts": [("kept sets as their policy says", True, "L2", "baseline equals an uncut scoring")],
        "arrays": {"output_tokens": np.arange(6).reshape(1, 6)},
        "parameters": {
            "experiment": "kv-compression", "model": "embedded", "dtype": "bf16", "workload": "text",
            "threads": 1, "tp": tp, "workload_hash": "beef",
        },
    }  # fmt: skip
    return PointSpec(**{**fields, **other})
