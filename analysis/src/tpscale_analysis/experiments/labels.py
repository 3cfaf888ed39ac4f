"""What a figure is called where people read it."""

from __future__ import annotations

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.numbers import value_text

_WORDS = {
    "ttft": "TTFT", "tpot": "TPOT", "itl": "ITL", "kv": "KV", "flops": "FLOPs", "mbu": "MBU",
    "mfu": "MFU", "slo": "SLO", "tp": "tp", "speedup": "speed-up", "h2d": "host to device",
    "d2h": "device to host", "gpu": "GPU", "aa": "A/A",
}  # fmt: skip
_UNITS = ("_seconds", "_bytes")  # stand beside the name


def label(name: str) -> str:
    """'ttft_p50_seconds' -> 'TTFT p50'. Names nobody knows stay readable."""
    stem = name
    for unit in _UNITS:
        stem = stem.removesuffix(unit) or stem
    return " ".join(_WORDS.get(word, word) for word in stem.split("_") if word) or name


def point_label(point: MergedPoint, varying: tuple[str, ...]) -> str:
    """What tells a point from the others of its study."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value_text(point.parameters.get(name, '–'))}"
        for name in varying
    )
