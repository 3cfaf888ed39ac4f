"""Groups points into scaling curves: all parameters equal but the degree (and what grows with it)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tpscale_analysis.groups import told_apart
from tpscale_analysis.merge import MergedPoint, device_of
from tpscale_analysis.point import Value

Kind = Literal["strong", "weak"]
KINDS: Mapping[str, Kind] = {"strong-scaling": "strong", "weak-scaling": "weak"}
# Not part of a curve's identity. Weak scaling fixes the sequences a rank: the whole workload grows.
_DEGREE = frozenset({"tp", "base_repeat"})
_GROWS = frozenset({"num_sequences", "workload_hash"})


@dataclass(frozen=True, eq=False)
class Curve:
    """The points of one scaling curve, by rising degree."""

    kind: Kind
    test_name: str
    device: str
    common: Mapping[str, Value]
    points: tuple[MergedPoint, ...]
    repeats: Mapping[int, MergedPoint]  # tp -> the same point measured again at the end
    distinct: tuple[str, ...] = ()  # parameters that tell it from the other curves of its name

    @property
    def base(self) -> MergedPoint:
        """The smallest degree that was measured; the smallest at all where none was."""
        measured = [point for point in self.points if point.status == "measured"]
        return (measured or list(self.points))[0]

    @property
    def key(self) -> str:
        """Text that identifies the curve; seeds its bootstrap."""
        common = "\n".join(f"{name}={value}" for name, value in sorted(self.common.items()))
        return f"{self.test_name}\n{self.device}\n{common}"


def find_curves(points: Iterable[MergedPoint]) -> list[Curve]:
    """Curves in the order of their identity; points of different threads are never in one curve."""
    groups: dict[str, list[MergedPoint]] = defaultdict(list)
    for point in points:
        if point.test_name in KINDS:
            groups[_curve(point, []).key].append(point)
    return _told_apart([_curve(group[0], group) for _, group in sorted(groups.items())])


def _told_apart(curves: list[Curve]) -> list[Curve]:
    distinct: dict[str, tuple[str, ...]] = {}
    for test_name in KINDS:
        alike = [curve for curve in curves if curve.test_name == test_name]
        names = told_apart([curve.common for curve in alike])
        distinct.update(zip((curve.key for curve in alike), names, strict=True))
    return [replace(curve, distinct=distinct[curve.key]) for curve in curves]


def _common(kind: Kind, parameters: Mapping[str, Value]) -> dict[str, Value]:
    if kind == "strong":
        return {name: parameters[name] for name in sorted(parameters) if name not in _DEGREE}
    common = {n: parameters[n] for n in sorted(parameters) if n not in _DEGREE | _GROWS}
    sequences, tp = parameters.get("num_sequences"), parameters.get("tp", 1)
    if "sequences_per_rank" not in common and isinstance(sequences, int) and isinstance(tp, int):
        common["sequences_per_rank"] = sequences // tp
    return common


def _curve(sample: MergedPoint, group: list[MergedPoint]) -> Curve:
    kind = KINDS[sample.test_name]
    return Curve(
        kind=kind,
        test_name=sample.test_name,
        device=device_of(sample.first),
        common=_common(kind, sample.parameters),
        points=tuple(sorted((p for p in group if not p.is_base_repeat), key=lambda p: p.tp)),
        repeats={p.tp: p for p in group if p.is_base_repeat},
    )
