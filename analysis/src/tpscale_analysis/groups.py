"""Points of one experiment that differ only in what it varies: the rows of one table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tpscale_analysis.merge import MergedPoint, device_of
from tpscale_analysis.point import Value

# What a group is called by; what else differs between groups of one name is added to it.
NAMED_BY = ("model", "dtype", "workload", "threads")


@dataclass(frozen=True, eq=False)
class Group:
    """Points by rising degree and value of what is varied."""

    test_name: str
    device: str
    common: Mapping[str, Value]
    points: tuple[MergedPoint, ...]
    distinct: tuple[str, ...]  # parameters that tell it from the other groups of its name

    @property
    def key(self) -> str:
        """Text that identifies the group; seeds its bootstrap."""
        common = "\n".join(f"{name}={value}" for name, value in sorted(self.common.items()))
        return f"{self.test_name}\n{self.device}\n{common}"


def find_groups(
    points: Iterable[MergedPoint], test_name: str, varied: str, grows: frozenset[str]
) -> list[Group]:
    """In the order of their identity. `varied` is the integer that the experiment sweeps, `grows` what follows it."""
    found: dict[str, list[MergedPoint]] = defaultdict(list)
    for point in points:
        if point.test_name == test_name:
            common = _common(point, varied, grows)
            found[repr((device_of(point.first), sorted(common.items())))].append(point)
    members = [group for _, group in sorted(found.items())]
    commons = [_common(group[0], varied, grows) for group in members]
    return [
        Group(
            test_name=test_name,
            device=device_of(group[0].first),
            common=common,
            points=tuple(sorted(group, key=lambda p: (p.tp, count_of(p, varied), p.point_id))),
            distinct=distinct,
        )
        for group, common, distinct in zip(members, commons, told_apart(commons), strict=True)
    ]


def count_of(point: MergedPoint, name: str) -> int:
    """An integer parameter; 0 where the file has none."""
    value = point.parameters.get(name, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def told_apart(commons: Sequence[Mapping[str, Value]]) -> list[tuple[str, ...]]:
    """For each, the parameters in which it differs from others of its name."""
    by_name: dict[str, list[Mapping[str, Value]]] = defaultdict(list)
    for common in commons:
        by_name[_name(common)].append(common)
    found = []
    for common in commons:
        others = by_name[_name(common)]
        names = sorted({name for other in others for name in other})
        differing = [n for n in names if len({str(other.get(n)) for other in others}) > 1]
        found.append(tuple(name for name in differing if name in common))
    return found


def _name(common: Mapping[str, Value]) -> str:
    return repr([str(common.get(name)) for name in NAMED_BY])


def _common(point: MergedPoint, varied: str, grows: frozenset[str]) -> dict[str, Value]:
    left_out = {"tp", varied, *grows}
    return {n: point.parameters[n] for n in sorted(point.parameters) if n not in left_out}


def common_values(all_values: list[Mapping[str, Value]]) -> dict[str, Value]:
    """What all of them have and agree in, by name."""
    if not all_values:
        return {}
    first = all_values[0]
    return {
        name: value
        for name, value in sorted(first.items())
        if all(name in values and values[name] == value for values in all_values)
    }
