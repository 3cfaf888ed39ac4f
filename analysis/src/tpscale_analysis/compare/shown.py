"""A comparison as tables for the terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tpscale_analysis.compare.figures import Compared, summary
from tpscale_analysis.compare.judging import FASTER, LARGER, SLOWER, SMALLER
from tpscale_analysis.compare.matching import Matching
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.table import Column, Table, to_console

_COLOURS = {FASTER: "32", SMALLER: "32", SLOWER: "31", LARGER: "31"}
_NAMED_BY = (
    "model",
    "tp",
    "dtype",
    "threads",
    "workload",
)  # what tells points of an experiment apart first


def to_text(
    matching: Matching, compared: Sequence[Compared], failed: Sequence[str], colour: bool
) -> str:
    parts = []
    if matching.differences:
        rows = tuple(
            (d.kind, d.name, _short(d.before), _short(d.after)) for d in matching.differences
        )
        columns = tuple(Column(title, numeric=False) for title in ("of", "name", "before", "after"))
        parts.append(to_console(Table("Differences of the two sets", columns, rows)))
    parts += [_missing(points, side) for points, side in (
        (matching.only_before, "before"), (matching.only_after, "after")
    ) if points]  # fmt: skip
    names = _distinct_names([found.pair.before for found in compared])
    columns = (
        Column("point", numeric=False), Column("figure", numeric=False), Column("unit", numeric=False),
        Column("before"), Column("after"), Column("after / before [95 %]"), Column("p, corrected"),
        Column("verdict", numeric=False), Column("marks", numeric=False),
    )  # fmt: skip
    rows = tuple(_row(found, names[id(found.pair.before)]) for found in compared)
    text = to_console(Table("Figures of both", columns, rows))
    parts.append(_coloured(text) if colour else text)
    counts = summary(compared)
    parts.append(
        ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "nothing to compare"
    )
    parts[-1] += "\n"
    parts += [f"REGRESSION: {sentence}\n" for sentence in failed]
    return "\n".join(parts)


def to_json(
    matching: Matching, compared: Sequence[Compared], failed: Sequence[str]
) -> dict[str, Any]:
    return {
        "differences": [vars(difference) for difference in matching.differences],
        "only_before": [_point(point) for point in matching.only_before],
        "only_after": [_point(point) for point in matching.only_after],
        "figures": [
            {
                "point": _point(found.pair.before),
                "name": found.name,
                "unit": found.unit,
                "before": found.before,
                "after": found.after,
                "ratio": found.judgement.ratio.value,
                "low": found.judgement.ratio.low,
                "high": found.judgement.ratio.high,
                "p_value": found.judgement.p_value,
                "verdict": found.judgement.verdict,
                "regression": found.judgement.regression,
                "marks": list(found.marks),
            }
            for found in compared
        ],
        "summary": summary(compared),
        "regressions": list(failed),
    }


def _row(found: Compared, name: str) -> tuple[str, ...]:
    ratio = found.judgement.ratio
    interval = f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
    exact = ratio.low == ratio.high
    return (
        name, found.name, found.unit, f"{found.before:.4g}", f"{found.after:.4g}",
        f"{ratio.value:.3f}" if exact else interval, "-" if exact else f"{found.judgement.p_value:.2g}",
        found.judgement.verdict, ", ".join(found.marks) or "-",
    )  # fmt: skip


def _coloured(text: str) -> str:
    for verdict, colour in _COLOURS.items():
        text = text.replace(f"  {verdict} ", f"  \x1b[{colour}m{verdict}\x1b[0m ")
    return text


def _missing(points: Sequence[MergedPoint], side: str) -> str:
    names = _distinct_names(points)
    columns = (Column("point", numeric=False), Column("state", numeric=False))
    rows = tuple((names[id(point)], point.status) for point in points)
    return to_console(Table(f"Only {side}", columns, rows))


def _distinct_names(points: Sequence[MergedPoint]) -> dict[int, str]:
    """Experiment, model and degree, and whatever else differs between points of one experiment."""
    names = {}
    for point in points:
        alike = [other for other in points if other.test_name == point.test_name]
        varying = sorted(
            name for name in point.parameters
            if len({str(other.parameters.get(name)) for other in alike}) > 1
            and name not in (*_NAMED_BY, "workload_hash")
        )  # fmt: skip
        parts = [
            f"{name} {point.parameters[name]}"
            for name in ("tp", *varying)
            if name in point.parameters
        ]
        names[id(point)] = (
            f"{point.test_name} {point.parameters.get('model', '')}: {', '.join(parts)}"
        )
    return names


def _point(point: MergedPoint) -> dict[str, Any]:
    return {
        "experiment": point.test_name,
        "point_id": point.point_id,
        "parameters": dict(point.parameters),
    }


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
