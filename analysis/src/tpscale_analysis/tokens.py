"""Are the tokens of a degree those of the base? Checked again here, from the stored ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.point import IntArray

TOKENS = "output_tokens"


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
    return Equality(False, "", f"{found}, and no stored verdict shows them to be near-ties")


def _differing_rows(ours: IntArray, theirs: IntArray) -> list[int]:
    width = max(ours.shape[1], theirs.shape[1])
    padded = [
        np.pad(tokens, ((0, 0), (0, width - tokens.shape[1])), constant_values=-1)
        for tokens in (ours, theirs)
    ]
    return [int(row) for row in np.nonzero((padded[0] != padded[1]).any(axis=1))[0]]
