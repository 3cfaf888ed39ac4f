"""Are the tokens of a degree those of the base? Checked again here, from the stored ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import IntArray

TOKENS = "output_tokens"
MARGINS = "output_margins"  # of the base's best logit over its second, in units of MARGIN_UNIT
MARGIN_UNIT = 1e-6
NEAR_TIES = {"f32": 0.001, "f16": 0.03, "bf16": 0.25}  # rounding may turn a smaller margin round


@dataclass(frozen=True)
class Equality:
    """What the comparison found. `passed` is None where there was nothing to compare."""

    passed: bool | None
    level: str
    sentence: str


def compare_with_base(point: MergedPoint, base: MergedPoint) -> Equality:
    ours, theirs = point.array(TOKENS), base.array(TOKENS)
    if point is base:
        return Equality(True, "L0", "the base itself")
    if ours is None or theirs is None:
        return Equality(None, "", f"no token ids are stored for tp {point.tp} or its base")
    common = min(len(ours), len(theirs))  # weak scaling: the base holds the first sequences
    different = _differing_rows(ours[:common], theirs[:common])
    if not different:
        return Equality(
            True,
            "L0",
            f"the token ids of {common} sequences at tp {point.tp} equal those at tp {base.tp}",
        )
    found = (
        f"{len(different)} of {common} sequences at tp {point.tp} differ from tp {base.tp}, "
        f"first sequence {different[0]}"
    )
    near_ties = [v for v in point.verdicts if v.level in ("L1", "L2") and v.passed]
    if near_ties:
        return Equality(True, near_ties[0].level, f"{found}; stored: {near_ties[0].sentence}")
    margin = _largest_margin(ours, theirs, different, base)
    limit = NEAR_TIES.get(str(point.parameters.get("dtype")), NEAR_TIES["f32"])
    if margin is not None and margin < limit:
        return Equality(
            True,
            "L1",
            f"{found}; each parts where the base's two best logits are less than {limit} apart "
            f"(at most {margin:.4g}); what follows has another context and is not compared",
        )
    known = "has no stored margins" if margin is None else f"has margins up to {margin:.4g} there"
    return Equality(False, "", f"{found}, and the base {known}: near-ties are below {limit}")


def _largest_margin(
    ours: IntArray, theirs: IntArray, different: list[int], base: MergedPoint
) -> float | None:
    """The base's largest top-2 margin where a sequence first parts from it; None where unknown."""
    margins = base.array(MARGINS)
    if margins is None or margins.shape != theirs.shape:
        return None
    largest = 0.0
    for row in different:
        width = min(ours.shape[1], theirs.shape[1])
        parts = np.nonzero(ours[row, :width] != theirs[row, :width])[0]
        if not len(parts):
            return None
        largest = max(largest, float(margins[row, parts[0]]) * MARGIN_UNIT)
    return largest


def _differing_rows(ours: IntArray, theirs: IntArray) -> list[int]:
    width = max(ours.shape[1], theirs.shape[1])
    padded = [
        np.pad(tokens, ((0, 0), (0, width - tokens.shape[1])), constant_values=-1)
        for tokens in (ours, theirs)
    ]
    return [int(row) for row in np.nonzero((padded[0] != padded[1]).any(axis=1))[0]]
