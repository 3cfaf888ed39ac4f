"""Names of figure files: plain letters whatever the model is called, the same for the same curves."""

from __future__ import annotations

import re
from collections.abc import Iterable


def slugs(stems: Iterable[tuple[str, str]]) -> list[str]:
    """One for each (kind, name) in order; a number where two would be equal."""
    seen: dict[str, int] = {}
    names = []
    for kind, name in stems:
        stem = f"{_plain(kind)[:24] or 'experiment'}_{_plain(name)[:40] or 'model'}"
        seen[stem] = seen.get(stem, 0) + 1
        names.append(stem if seen[stem] == 1 else f"{stem}-{seen[stem]}")
    return names


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
