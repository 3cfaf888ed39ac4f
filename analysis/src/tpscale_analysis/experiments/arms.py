"""The arms of a comparison: what the names of its series and figures end in."""

from __future__ import annotations

from collections.abc import Iterable

from tpscale_analysis.merge import MergedPoint, unique
from tpscale_analysis.pairs import OF_BOTH
from tpscale_analysis.point import Point

_WALL = "timed/wall_seconds_"
_LISTED = "arms"  # the condition that holds them in their order
# The arm that the others are measured against; it comes first.
BASES = ("off", "mixed", "contiguous", "base", "baseline", "reference")


def arms_of(points: Iterable[MergedPoint]) -> tuple[str, ...]:
    """The base first, the others as the run lists them, else by name; empty where the points have no arms."""
    runs = [run for point in points for run in point.measured]
    names = unique(arm for run in runs for arm in arms_of_run(run))
    listed = all(_LISTED in run.conditions for run in runs)
    return tuple(sorted(names, key=_rank if listed else _order))


def arms_of_run(run: Point) -> tuple[str, ...]:
    names = {key.removeprefix(_WALL) for key in run.samples if key.startswith(_WALL)}
    listed = [name for name in str(run.conditions.get(_LISTED, "")).split(", ") if name in names]
    return tuple(sorted((*listed, *sorted(names - set(listed))), key=_rank))


def is_base(arm: str) -> bool:
    """Also "contiguous_batched", which is a kind of it."""
    return arm in BASES or any(arm.startswith(f"{base}_") for base in BASES)


def _order(arm: str) -> tuple[int, str]:
    return _rank(arm), arm


def _rank(arm: str) -> int:
    return 0 if arm in BASES else 1 if is_base(arm) else 2


def of_arm(stem: str, arm: str) -> str:
    """The name of a figure of one arm; of the point itself where the arm is ""."""
    return f"{stem}_{arm}" if arm else stem


def split(name: str, arms: Iterable[str]) -> tuple[str, str]:
    """What a name means, and of which arm: ("decode_throughput", "on"). The arm is "" where it has none."""
    if name in OF_BOTH:  # of both, whatever it ends in: improvement_vs_mixed
        return name, ""
    found = [arm for arm in arms if arm and name.endswith(f"_{arm}")]
    arm = max(found, key=len, default="")
    return (name.removesuffix(f"_{arm}") if arm else name, arm)
