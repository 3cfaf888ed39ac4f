"""Groups points into scaling curves: all parameters equal but the degree (and what grows with it)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tpscale_analysis.merge import MergedPoint, device_of
from tpscale_analysis.point import Value

Kind = Literal["strong", "weak"]
KINDS: Mapping[str, Kind] = {"strong-scaling": "strong", "weak-scaling": "weak"}
# Not part of a curve's identity. Weak scaling fixes the sequences a rank: the totals grow.
_DEGREE = frozenset({"tp", "base_repeat"})
_GROWS = frozenset({"num_sequences"})


@dataclass(frozen=True, eq=False)
class Curve:
    """The points of one scaling curve, by rising degree."""

    kind: Kind
    test_name: str
    device: str
    common: Mapping[str, Value]
    points: tuple[MergedPoint, ...]
    repeats: Mapping[int, MergedPoint]  # tp -> the same point measured again at the end

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
    return [_curve(group[0], group) for _, group in sorted(groups.items())]


def _curve(sample: MergedPoint, group: list[MergedPoint]) -> Curve:
    kind = KINDS[sample.test_name]
    left_out = _DEGREE | (_GROWS if kind == "weak" else frozenset())
    return Curve(
        kind=kind,
        test_name=sample.test_name,
        device=device_of(sample.first),
        common={k: v for k, v in sorted(sample.parameters.items()) if k not in left_out},
        points=tuple(sorted((p for p in group if not p.is_base_repeat), key=lambda p: p.tp)),
        repeats={p.tp: p for p in group if p.is_base_repeat},
    )
