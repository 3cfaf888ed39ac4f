"""What cutting the cache does, in a sentence a family of methods: its smallest cache beside the whole one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tpscale_analysis.experiments.arms import is_base
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.numbers import percent, plain

_FAMILY = re.compile(r"^(?P<family>.*?)_\d[\d.]*(?:_.*)?$")
_CACHE = "cache_tokens_mean"


def method_sentences(study: Study) -> list[str]:
    """Nothing of an experiment whose arms are no methods, or that lacks its base."""
    found = []
    for point in study.measured:
        base = next((arm for arm in study.arms if is_base(arm)), "")
        if study.metric(point, "perplexity", base):
            for arm in _smallest_of_families(study, point):
                found += _sentence(study, point, base, arm)
    return found


def _smallest_of_families(study: Study, point: MergedPoint) -> Sequence[str]:
    """By the tokens they keep, in the order of the arms."""
    least: dict[str, tuple[float, str]] = {}
    for arm in (arm for arm in study.arms if not is_base(arm)):
        cached = study.metric(point, _CACHE, arm)
        match = _FAMILY.match(arm)
        family = match["family"] if match else arm
        if cached and (family not in least or cached.value < least[family][0]):
            least[family] = (cached.value, arm)
    return [arm for _, arm in least.values()]


def _sentence(study: Study, point: MergedPoint, base: str, arm: str) -> list[str]:
    parts = []
    cached, whole = (study.metric(point, _CACHE, side) for side in (arm, base))
    if cached and whole and whole.value > 0:
        parts.append(f"keeps {percent(cached.value / whole.value)} of the cached tokens on average")
    perplexity, of_base = (study.metric(point, "perplexity", side) for side in (arm, base))
    if perplexity and of_base and of_base.value > 0:
        times = plain(perplexity.value / of_base.value, 3)
        parts.append(f"at {times} times the perplexity ({plain(perplexity.value, 3)})")
    peak, of_base = (study.metric(point, "memory_peak", side) for side in (arm, base))
    if peak and of_base and of_base.value > 0:
        parts.append(f"with {percent(peak.value / of_base.value)} of the peak memory")
    where = f"At {study.label(point)}, " if len(study.points) > 1 else ""
    return [f"{where}{arm} {', '.join(parts)}."] if parts else []
