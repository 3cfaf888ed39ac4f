"""One colour a method or arm, the same in every figure."""

from __future__ import annotations

from tpscale_analysis.experiments.arms import is_base
from tpscale_analysis.figures.style import Palette

_FAMILIES = (("streaming", "end_to_end"), ("recent_only", "red"))  # green, red
_OTHERS = ("prefill", "decode", "end_to_end", "host", "attention", "other")


def method_colour(name: str, palette: Palette) -> str:
    """Of ways to cut a cache: the base grey, streaming green, recent_only red, all others blue."""
    return arm_colour(name, 0, palette)


def arm_colour(name: str, index: int, palette: Palette) -> str:
    """The base is grey, streaming green, recent_only red; others by their place, blue first."""
    if is_base(name):
        return palette.muted
    family = next((colour for start, colour in _FAMILIES if name.startswith(start)), None)
    return str(getattr(palette, family or _OTHERS[index % len(_OTHERS)]))
