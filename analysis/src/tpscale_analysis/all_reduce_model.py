"""How long an all-reduce would take where none could be measured: t(n, S) = latency(n) + 2(n-1)/n x S / bandwidth."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = r"(\d{1,12}(?:\.\d{1,12})?)"
_LATENCY = re.compile(_NUMBER + r"\s*(s|ms|us|µs|μs|ns)")
_BANDWIDTH = re.compile(_NUMBER + r"\s*(TB/s|GB/s|MB/s|B/s)")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_BYTES = {"TB/s": 1e12, "GB/s": 1e9, "MB/s": 1e6, "B/s": 1.0}
_PUBLISHED_LATENCIES = (8e-6, 10e-6, 15e-6)
_PUBLISHED_BANDWIDTH = 370e9
_MOST_LATENCIES = 20  # up to a million ranks


@dataclass(frozen=True)
class AllReduceModel:
    """Latencies at 2, 4, 8, ... ranks (s) and the bus bandwidth (B/s)."""

    latencies: tuple[float, ...] = _PUBLISHED_LATENCIES
    bus_bandwidth: float = _PUBLISHED_BANDWIDTH

    def latency(self, ranks: int) -> float | None:
        """Between two given degrees linear in log2(ranks); None beyond the last."""
        position = math.log2(ranks) - 1
        below = int(position)
        if ranks < 2 or position > len(self.latencies) - 1:
            return None
        if below == position:
            return self.latencies[below]
        low, high = self.latencies[below], self.latencies[below + 1]
        return low + (high - low) * (position - below)

    def seconds(self, ranks: int, message_bytes: int) -> float | None:
        if ranks == 1:
            return 0.0
        latency = self.latency(ranks)
        if latency is None:
            return None
        return latency + 2 * (ranks - 1) / ranks * message_bytes / self.bus_bandwidth

    @property
    def source(self) -> str:
        """Where the numbers are from, for the reader of the figures."""
        latencies = (
            "published: NCCL's default all-reduce of small messages in a graph"
            if self.latencies == _PUBLISHED_LATENCIES
            else "given by --all-reduce-latency"
        )
        bandwidth = (
            "published: ring all-reduce of large messages on 8 x H100"
            if self.bus_bandwidth == _PUBLISHED_BANDWIDTH
            else "given by --bus-bandwidth"
        )
        steps = "/".join(f"{1e6 * latency:.4g}" for latency in self.latencies)
        degrees = "/".join(str(2 ** (i + 1)) for i in range(len(self.latencies)))
        return (
            f"latency {steps} us at {degrees} ranks ({latencies}), "
            f"bus bandwidth {self.bus_bandwidth / 1e9:.4g} GB/s ({bandwidth})"
        )


PUBLISHED = AllReduceModel()


def parse_latencies(text: str) -> tuple[float, ...]:
    """'8us,10us,15us'. ValueError with a sentence where it is not that."""
    found = [_LATENCY.fullmatch(entry.strip()) for entry in text.split(",")]
    values = tuple(float(match[1]) * _SECONDS[match[2]] for match in found if match)
    if len(values) != len(found) or min(values) <= 0 or len(values) > _MOST_LATENCIES:
        raise ValueError(
            f"{text[:60]!r} is no list of latencies: one each for 2, 4, 8, ... ranks, like 8us,10us,15us"
        )
    return values


def parse_bandwidth(text: str) -> float:
    """'370GB/s'. ValueError with a sentence where it is not that."""
    match = _BANDWIDTH.fullmatch(text.strip())
    value = float(match[1]) * _BYTES[match[2]] if match else 0.0
    if value <= 0:
        raise ValueError(f"{text[:60]!r} is no bandwidth: write it like 370GB/s")
    return value
