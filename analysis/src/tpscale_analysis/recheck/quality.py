"""How well texts are predicted and what is kept meanwhile, made again from raw rows: a window or a text each.

Beside the sums of each row (text_nll, text_hits, text_tokens) stand tokens cached and bytes, where methods to cut the
cache are compared: then the names end in the method's.
"""

from __future__ import annotations

import math
import re

from tpscale_analysis.experiments.arms import of_arm
from tpscale_analysis.point import FloatArray, Metric, Point

_BYTES = re.compile(r"\(ln 2 x ([\d,]{1,20}) bytes\)")
_LARGEST = ("_max", "_peak", "_pool")  # what such a name ends in is the most over the rows
_LAST = "_final"


def quality(run: Point, metric: Metric, stem: str, arm: str) -> float | None:
    """None where the run keeps no raw rows of this figure."""
    if stem in ("perplexity", "accuracy", "bits_per_byte"):
        return _of_text(run, metric, stem, arm)
    rows = _rows(run, of_arm(stem, arm))
    if rows is None:
        return None
    largest = rows.max(axis=1)
    if stem.endswith(_LARGEST):
        return float(largest.max())
    return float(largest[-1] if stem.endswith(_LAST) else largest.mean())


def _of_text(run: Point, metric: Metric, stem: str, arm: str) -> float | None:
    sums = []
    for name in ("nll", "hits", "tokens"):
        rows = _rows(run, of_arm(f"text_{name}", arm))
        if rows is None:
            return None
        sums.append(float(rows[:, 0].sum()))
    nll, hits, tokens = sums
    if tokens <= 0 or nll / tokens > 700.0:  # beyond what a double holds
        return None
    if stem != "bits_per_byte":
        return math.exp(nll / tokens) if stem == "perplexity" else hits / tokens
    stated = _BYTES.search(metric.how_obtained)
    size = int(stated[1].replace(",", "") or 0) if stated else 0
    return nll / math.log(2.0) / size if size else None


def _rows(run: Point, name: str) -> FloatArray | None:
    series = run.samples.get(f"quality/{name}")
    rows = None if series is None else series.counted()
    return rows if rows is not None and rows.size else None
