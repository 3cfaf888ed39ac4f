"""All points of one experiment with one model on one device: what is shown together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tpscale_analysis.experiments.arms import arms_of, of_arm, split
from tpscale_analysis.experiments.labels import point_label
from tpscale_analysis.groups import common_values, told_apart
from tpscale_analysis.merge import MergedPoint, device_of, unique
from tpscale_analysis.micro.benchmark_name import TEST_NAME as MICRO
from tpscale_analysis.point import Metric, Value
from tpscale_analysis.scaling import own_refusal

# Points that differ in one of these are other studies; in all else they differ within one.
SAME = ("model", "weights_hash", "dtype", "backend", "threads")
_FOLLOWS = ("workload_hash",)  # says nothing that the other parameters do not


@dataclass(frozen=True, eq=False)
class Study:
    """Points by the values of what varies among them."""

    test_name: str
    device: str
    common: Mapping[str, Value]
    distinct: tuple[str, ...]  # parameters that tell it from the other studies of its experiment
    points: tuple[MergedPoint, ...]
    varying: tuple[str, ...]
    arms: tuple[str, ...]

    @property
    def measured(self) -> tuple[MergedPoint, ...]:
        """Those with figures."""
        return tuple(point for point in self.points if not own_refusal(point))

    @property
    def sides(self) -> tuple[str, ...]:
        """The arms, or the point itself."""
        return self.arms or ("",)

    def label(self, point: MergedPoint) -> str:
        return point_label(point, self.varying) or f"tp {point.tp}"

    def metric(self, point: MergedPoint, stem: str, arm: str = "") -> Metric | None:
        return None if own_refusal(point) else point.metrics.get(of_arm(stem, arm))

    def has(self, stem: str, arm: str = "") -> bool:
        return any(self.metric(point, stem, arm) for point in self.points)

    def stems(self) -> tuple[str, ...]:
        """Every figure that some point has, without its arm."""
        names = sorted({name for point in self.measured for name in point.metrics})
        return unique(split(name, self.arms)[0] for name in names)


def find_studies(points: Iterable[MergedPoint]) -> list[Study]:
    """In the order of their names and identities."""
    found: dict[tuple[str, str], list[MergedPoint]] = defaultdict(list)
    for point in points:
        found[point.test_name, repr((device_of(point.first), _kept(point)))].append(point)
    members = [group for _, group in sorted(found.items())]
    distinct: list[tuple[str, ...]] = []
    for name in unique(group[0].test_name for group in members):
        alike = [_kept(group[0]) for group in members if group[0].test_name == name]
        distinct += told_apart(alike)
    return [_study(group, names) for group, names in zip(members, distinct, strict=True)]


def _kept(point: MergedPoint) -> dict[str, Value]:
    if point.test_name == MICRO:  # benchmarks of all models lie in one table
        return {}
    return {name: point.parameters[name] for name in SAME if name in point.parameters}


def _study(points: list[MergedPoint], distinct: tuple[str, ...]) -> Study:
    common = common_values([point.parameters for point in points])
    varying = sorted({name for point in points for name in point.parameters} - set(common))
    shown = tuple(name for name in varying if name not in _FOLLOWS) or tuple(varying)
    return Study(
        test_name=points[0].test_name,
        device=device_of(points[0].first),
        common=common,
        distinct=distinct,
        points=tuple(sorted(points, key=lambda point: (_values(point, shown), point.point_id))),
        varying=shown,
        arms=arms_of(points),
    )


def _values(point: MergedPoint, names: tuple[str, ...]) -> tuple[tuple[int, float, str], ...]:
    """Numbers by size, before texts by their letters."""
    found = []
    for name in names:
        value = point.parameters.get(name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        found.append((0, float(value), "") if number else (1, 0.0, str(value)))  # type: ignore[arg-type]
    return tuple(found)
