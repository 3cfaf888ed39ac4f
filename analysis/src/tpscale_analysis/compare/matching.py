"""Which points of two sets answer the same question, and in what the sets differ otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tpscale_analysis.groups import common_values
from tpscale_analysis.merge import MergedPoint, device_of
from tpscale_analysis.point import Value

# Of a launch and of no interest to a comparison: when, by which words, where.
_OF_THE_LAUNCH = frozenset({"command_line", "binary_hash", "environment", "rank_cores"})


@dataclass(frozen=True)
class Difference:
    """What one side has everywhere and the other side has otherwise everywhere."""

    kind: str  # "configuration", "provenance" or "hardware"
    name: str
    before: str
    after: str


@dataclass(frozen=True, eq=False)
class Matched:
    """A point of either side with the same parameters, but for what the sides differ in throughout."""

    before: MergedPoint
    after: MergedPoint


@dataclass(frozen=True, eq=False)
class Matching:
    """The outcome: what was found on both sides, and what on one alone."""

    pairs: tuple[Matched, ...]
    only_before: tuple[MergedPoint, ...]
    only_after: tuple[MergedPoint, ...]
    differences: tuple[Difference, ...]


def match(before: Sequence[MergedPoint], after: Sequence[MergedPoint]) -> Matching:
    """Points are matched by all parameters but those in which all of an experiment's points on one side differ from
    all on the other: options that were changed on purpose, and those that only a newer program has."""
    pairs: list[Matched] = []
    only_before: list[MergedPoint] = []
    only_after: list[MergedPoint] = []
    differing: list[Difference] = []
    for name in sorted({point.test_name for point in (*before, *after)}):
        ours = [point for point in before if point.test_name == name]
        theirs = [point for point in after if point.test_name == name]
        found = _differing(ours, theirs) if ours and theirs else []
        left_out = frozenset(difference.name for difference in found)
        differing += [difference for difference in found if difference not in differing]
        of_after = _by_key(theirs, left_out)
        for key, points in _by_key(ours, left_out).items():
            others = of_after.pop(key, [])
            if len(points) == len(others) == 1:  # whatever device each of them ran on
                pairs.append(Matched(points[0], others[0]))
                continue
            by_device = {device_of(point.first): point for point in others}
            for point in points:
                other = by_device.pop(device_of(point.first), None)
                if other is None:
                    only_before.append(point)
                else:
                    pairs.append(Matched(point, other))
            only_after += by_device.values()
        only_after += [point for points in of_after.values() for point in points]
    return Matching(
        tuple(pairs),
        tuple(only_before),
        tuple(only_after),
        (*differing, *_of_the_launches(before, after)),
    )


def _differing(before: Sequence[MergedPoint], after: Sequence[MergedPoint]) -> list[Difference]:
    """The parameters with one value on each side, and not the same; a side may lack it altogether."""
    sides = [[point.parameters for point in side] for side in (before, after)]
    ours, theirs = (common_values(values) for values in sides)
    anywhere = [{name for values in side for name in values} for side in sides]
    return [
        Difference("configuration", name, str(ours.get(name, "-")), str(theirs.get(name, "-")))
        for name in sorted({*ours, *theirs})
        if (name in ours or name not in anywhere[0])
        and (name in theirs or name not in anywhere[1])
        and ours.get(name) != theirs.get(name)
    ]


def _by_key(
    points: Sequence[MergedPoint], left_out: frozenset[str]
) -> dict[str, list[MergedPoint]]:
    found: dict[str, list[MergedPoint]] = {}
    for point in points:
        kept = {name: value for name, value in point.parameters.items() if name not in left_out}
        found.setdefault(repr(sorted(kept.items())), []).append(point)
    return found


def _of_the_launches(
    before: Sequence[MergedPoint], after: Sequence[MergedPoint]
) -> list[Difference]:
    found = []
    sides = [[run for point in side for run in point.runs] for side in (before, after)]
    for kind in ("provenance", "hardware"):
        values: list[Mapping[str, Value]] = [
            common_values([getattr(run, kind) for run in side]) for side in sides
        ]
        found += _of_a_kind(kind, *values)
    return found


def _of_a_kind(
    kind: str, ours: Mapping[str, Value], theirs: Mapping[str, Value]
) -> list[Difference]:
    names = sorted((set(ours) | set(theirs)) - _OF_THE_LAUNCH)
    return [
        Difference(kind, name, str(ours.get(name, "-")), str(theirs.get(name, "-")))
        for name in names
        if ours.get(name) != theirs.get(name)
        and not isinstance(ours.get(name, theirs.get(name)), float)  # a measured peak is no setting
    ]
