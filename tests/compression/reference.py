"""A Llama-type transformer with a cut KV cache in fp64, one token a forward pass, as the definitions say it.

No batches, no blocks, no incremental bookkeeping: every KV head of a layer has a list of what it holds, and after each
pass the list is made anew from the definition of the method.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Method:
    """Which tokens stay. `size`: tokens, or the share of l2_ratio."""

    family: str
    size: float = 0
    sinks: int = 4
    protect_ratio: float = 0.0
    keep: str = "low"
    prune_after: int = 1000
    skip_layers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cached:
    position: int
    key: Vector  # rotated at `position`, or not at all
    value: Vector


def kept(cached: list[Cached], layer: int, method: Method) -> list[Cached]:
    """What one KV head still holds after a forward pass."""
    if method.family == "baseline" or (
        method.family != "streaming" and layer in method.skip_layers
    ):
        return cached
    n, size = len(cached), int(method.size)
    if method.family == "l2_ratio":
        many = n >= method.prune_after
        return of_norms(cached, math.ceil(method.size * n), 0, "low") if many else cached
    if n <= size:
        return cached
    if method.family == "streaming":
        return cached[: method.sinks] + cached[n - (size - method.sinks) :]
    if method.family == "recent_only":
        return cached[n - size :]
    return of_norms(cached, size, int(size * method.protect_ratio), method.keep)


def of_norms(cached: list[Cached], size: int, newest: int, keep: str) -> list[Cached]:
    older = cached[: len(cached) - newest]
    sign = 1.0 if keep == "low" else -1.0
    order = sorted(range(len(older)), key=lambda i: (sign * float(np.linalg.norm(older[i].key)), i))
    chosen = sorted(order[: size - newest])
    return [older[i] for i in chosen] + cached[len(cached) - newest :]


class Llama:
    """A checkpoint of one file in f32, without scaled rotations."""

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        self.layers = int(config["num_hidden_layers"])
        self.heads = int(config["num_attention_heads"])
        self.kv_heads = int(config.get("num_key_value_heads") or self.heads)
        self.head_dim = int(config.get("head_dim") or config["hidden_size"] // self.heads)
        self.epsilon = float(config.get("rms_norm_eps", 1e-6))
        self.theta = float(config.get("rope_theta", 10000.0))
        assert config.get("rope_scaling") is None
        self.tensors = read_f32(folder / "model.safetensors")
        self.head = self.tensors.get("lm_head.weight", self.tensors["model.embed_tokens.weight"])

    def nll(self, tokens: list[int], method: Method) -> list[float]:
        caches: list[list[list[Cached]]] = [
            [[] for _ in range(self.kv_heads)] for _ in range(self.layers)
        ]
        result = []
        for position, (token, target) in enumerate(pairwise(tokens)):
            x = self.tensors["model.embed_tokens.weight"][token]
            for layer in range(self.layers):
                x = x + self._attention(x, layer, position, caches[layer], method)
                x = x + self._mlp(x, layer)
            logits = self.head @ self._norm(x, "model.norm.weight")
            largest = logits.max()
            result.append(float(np.log(np.exp(logits - largest).sum()) + largest - logits[target]))
            for layer in range(self.layers):
                caches[layer] = [kept(head, layer, method) for head in caches[layer]]
        return result

    def _attention(
        self, x: Vector, layer: int, position: int, heads: list[list[Cached]], method: Method
    ) -> Vector:
        name = f"model.layers.{layer}.self_attn."
        normed = self._norm(x, f"model.layers.{layer}.input_layernorm.weight")
        q = self._linear(normed, name + "q_proj").reshape(self.heads, self.head_dim)
        k = self._linear(normed, name + "k_proj").reshape(self.kv_heads, self.head_dim)
        v = self._linear(normed, name + "v_proj").reshape(self.kv_heads, self.head_dim)
        streaming = method.family == "streaming"
        attended = []
        for h in range(self.heads):
            kv = h * self.kv_heads // self.heads
            if h % (self.heads // self.kv_heads) == 0:
                key = k[kv] if streaming else self._rotate(k[kv], position)
                heads[kv].append(Cached(position, key, v[kv]))
            cached = heads[kv]
            query = self._rotate(q[h], len(cached) - 1 if streaming else position)
            keys = [
                self._rotate(entry.key, i) if streaming else entry.key
                for i, entry in enumerate(cached)
            ]
            scores = np.array([query @ key for key in keys]) / math.sqrt(self.head_dim)
            weights = np.exp(scores - scores.max())
            weights /= weights.sum()
            attended.append(sum(w * entry.value for w, entry in zip(weights, cached, strict=True)))
        return self._linear(np.concatenate(attended), name + "o_proj")

    def _mlp(self, x: Vector, layer: int) -> Vector:
        name = f"model.layers.{layer}.mlp."
        normed = self._norm(x, f"model.layers.{layer}.post_attention_layernorm.weight")
        gate = self._linear(normed, name + "gate_proj")
        up = self._linear(normed, name + "up_proj")
        return self._linear(gate / (1.0 + np.exp(-gate)) * up, name + "down_proj")

    def _norm(self, x: Vector, weight: str) -> Vector:
        return x / np.sqrt((x * x).mean() + self.epsilon) * self.tensors[weight]

    def _linear(self, x: Vector, name: str) -> Vector:
        out = self.tensors[name + ".weight"] @ x
        return out + self.tensors[name + ".bias"] if name + ".bias" in self.tensors else out

    def _rotate(self, head: Vector, position: int) -> Vector:
        half = self.head_dim // 2
        angles = position / self.theta ** (np.arange(half) / half)
        a, b = head[:half], head[half:]
        return np.concatenate(
            [a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)]
        )


def read_f32(path: Path) -> dict[str, Vector]:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32"
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + length + begin : 8 + length + end], np.float32)
        tensors[name] = values.astype(np.float64).reshape(entry["shape"])
    return tensors
