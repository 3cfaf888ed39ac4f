"""What a study found, in a few sentences made from its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from tpscale_analysis.experiments.arms import of_arm
from tpscale_analysis.experiments.labels import label
from tpscale_analysis.experiments.method_sentences import method_sentences
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.merge import MergedPoint, unique
from tpscale_analysis.metric_tables import show_metrics
from tpscale_analysis.numbers import scale_for
from tpscale_analysis.scaling import own_refusal
from tpscale_analysis.scaling_tables import NO_CLAIM

_MAX_POINTS = 3  # each told by itself
_MAX_FIGURES = 5  # of one point
_MAX_ARMS = 4  # each told by itself; else the least and the most


def study_sentences(study: Study, headlines: Sequence[str]) -> list[str]:
    """Headlines of a few points or of the first and last; then what is not to be believed, and what is missing."""
    claimed = [point for point in study.measured if not set(NO_CLAIM) & set(_marks(study, point))]
    of_methods = method_sentences(study)
    told = claimed if len(claimed) <= _MAX_POINTS else [claimed[0], claimed[-1]]
    sentences = [text for point in told if (text := _of_point(study, point, headlines))]
    sentences += of_methods
    if len(claimed) > len(told):
        sentences.append(f"{len(claimed)} points were measured; the tables have all of them.")
    silent = len(study.measured) - len(claimed)
    if silent:
        what = "No time is" if of_methods else "Nothing is"
        sentences.append(
            f"{what} claimed from {silent} of {len(study.points)} points: oversubscribed or tainted."
        )
    reasons: dict[str, int] = {}
    for point in study.points:
        if own_refusal(point):
            reasons[own_refusal(point)] = reasons.get(own_refusal(point), 0) + 1
    every = len(study.points)
    sentences += [f"{count} of {every} points: {reason}." for reason, count in reasons.items()]
    return sentences or [f"{every} points measured."]


def _marks(study: Study, point: MergedPoint) -> tuple[str, ...]:
    metrics = [metric for metric in point.metrics.values() if metric.name.startswith("wall_")]
    return unique((*point.marks, *(mark for metric in metrics for mark in metric.marks)))


def _of_point(study: Study, point: MergedPoint, headlines: Sequence[str]) -> str:
    parts = [
        part
        for stem in headlines
        if (part := _figure(study, point, stem))
    ][:_MAX_FIGURES]  # fmt: skip
    if not parts:
        return ""
    where = f"At {study.label(point)}: " if len(study.points) > 1 else ""
    text = f"{where}{'; '.join(parts)}."
    return text[0].upper() + text[1:]


def _figure(study: Study, point: MergedPoint, stem: str) -> str:
    shown = []
    for arm in dict.fromkeys(("", *study.arms)):
        metric = study.metric(point, stem, arm)
        if metric:
            _, (cell,) = show_metrics(of_arm(stem, arm), [metric], stem)
            unit = "" if cell.count("%") else scale_for(metric.unit, [metric.value]).unit
            text = " ".join(
                part for part in (cell, unit, arm and f"({arm.replace('_', ' ')})") if part
            )
            shown.append((metric.value, text))
    if len(shown) > _MAX_ARMS:
        return f"{label(stem)} from {min(shown)[1]} to {max(shown)[1]}"
    return f"{label(stem)} {', '.join(text for _, text in shown)}" if shown else ""
