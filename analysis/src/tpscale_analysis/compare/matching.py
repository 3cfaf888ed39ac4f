"""Which points of two sets answer the same question, and in what the sets differ otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tpscale_analysis.groups import common_values
from tpscale_analysis.merge import MergedPoint
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
    """Points are matched by all parameters but those that have one value on either side, and not the same."""
    differing = frozenset(_one_value_each(before, after))
    by_key = {_key(point, differing): point for point in after}
    pairs, only_before = [], []
    for point in before:
        other = by_key.pop(_key(point, differing), None)
        if other is None:
            only_before.append(point)
        else:
            pairs.append(Matched(point, other))
    return Matching(
        tuple(pairs),
        tuple(only_before),
        tuple(by_key.values()),
        _differences(before, after, differing),
    )


def _one_value_each(before: Sequence[MergedPoint], after: Sequence[MergedPoint]) -> list[str]:
    ours = common_values([point.parameters for point in before])
    theirs = common_values([point.parameters for point in after])
    return [
        name
        for name in ours
        if name in theirs and ours[name] != theirs[name] and name != "experiment"
    ]


def _key(point: MergedPoint, differing: frozenset[str]) -> tuple[str, str]:
    kept = {name: value for name, value in point.parameters.items() if name not in differing}
    return point.test_name, repr(sorted(kept.items()))


def _differences(
    before: Sequence[MergedPoint], after: Sequence[MergedPoint], differing: frozenset[str]
) -> tuple[Difference, ...]:
    found = []
    sides = [[run for point in side for run in point.runs] for side in (before, after)]
    ours, theirs = (common_values([run.parameters for run in side]) for side in sides)
    found += [
        Difference("configuration", name, str(ours[name]), str(theirs[name]))
        for name in sorted(differing)
    ]
    for kind in ("provenance", "hardware"):
        values: list[Mapping[str, Value]] = [
            common_values([getattr(run, kind) for run in side]) for side in sides
        ]
        found += _of_a_kind(kind, *values)
    return tuple(found)


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
