"""Names of figure files: plain letters whatever the model is called, the same for the same curves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tpscale_analysis.headings import model_name
from tpscale_analysis.scaling import Scaling


def slugs(scalings: Sequence[Scaling]) -> list[str]:
    """One a curve, in order; a number where two would be equal."""
    seen: dict[str, int] = {}
    names = []
    for scaling in scalings:
        model = re.sub(r"[^a-z0-9.]+", "-", model_name(scaling.curve.common).lower()).strip("-.")
        name = f"{scaling.curve.kind}_{model[:40] or 'model'}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names
