"""Methods that are compared by how well they predict several texts: results.json, a row a text and method."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from tpscale_analysis.experiments.arms import arms_of, arms_of_run, is_base, split
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import Point
from tpscale_analysis.point_record import figure_record

Json = dict[str, Any]
_PHASE = "quality/"


def compares_methods(run: Point) -> bool:
    return any(f"{_PHASE}text_nll_{arm}" in run.samples for arm in arms_of_run(run))


def method_rows(run: Point) -> list[Json]:
    """What was taken of each text under each method, its quality first; nothing where no methods are compared."""
    if not compares_methods(run):
        return []
    arms = arms_of_run(run)
    raw: dict[tuple[int, str], dict[str, float]] = {}
    for key in sorted(key for key in run.samples if key.startswith(_PHASE)):
        stem, arm = split(key.removeprefix(_PHASE), arms)
        for text, values in enumerate(run.samples[key].rows if arm else ()):
            raw.setdefault((text, arm), {})[stem] = float(values.max())
    order = sorted(raw, key=lambda key: (key[0], arms.index(key[1])))
    return [
        {"text": text, "method": arm, **_quality(raw[text, arm]), **raw[text, arm]}
        for text, arm in order
    ]


def _quality(sums: dict[str, float]) -> Json:
    tokens = sums.get("text_tokens", 0.0)
    if tokens <= 0 or "text_nll" not in sums:
        return {}
    nll = sums["text_nll"] / tokens
    found = {"nll": nll, "accuracy": sums.get("text_hits", 0.0) / tokens}
    return {**found, "perplexity": math.exp(nll)} if nll < 700.0 else found  # what a double holds


def method_stats(point: MergedPoint) -> Json:
    """method -> figure -> value with its interval."""
    arms = arms_of([point])
    found: Json = {arm: {} for arm in arms}
    for name, metric in point.metrics.items():
        stem, arm = split(name, arms)
        if arm:
            found[arm][stem] = figure_record(metric)
    return found


def method_baselines(points: Iterable[MergedPoint]) -> list[Json]:
    """The figures that each point's methods are held against."""
    return [
        {
            "test_name": point.test_name,
            "point_id": point.point_id,
            "tp": point.tp,
            "method": arm,
            "figures": figures,
        }
        for point in points
        if point.metrics and any(compares_methods(run) for run in point.measured)
        for arm, figures in method_stats(point).items()
        if is_base(arm)
    ]
