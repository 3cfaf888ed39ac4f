"""What a group of points is called in tables, figures and the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from tpscale_analysis.curves import Curve
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.numbers import value_text
from tpscale_analysis.point import Value

TITLES = {"strong-scaling": "Strong scaling", "weak-scaling": "Weak scaling"}


def test_title(test_name: str) -> str:
    return TITLES.get(test_name, test_name)


def model_name(parameters: Mapping[str, Value]) -> str:
    """The last part of a folder's path; a preset's name as it is."""
    return PurePath(str(parameters.get("model", "model"))).name or "model"


def curve_title(curve: Curve) -> str:
    facts = [model_name(curve.common)]
    facts += [str(curve.common[key]) for key in ("dtype", "workload") if key in curve.common]
    if "threads" in curve.common:
        threads = curve.common["threads"]
        facts.append(f"{threads} thread{'' if threads == 1 else 's'} a rank")
    facts += [f"{name} {value_text(curve.common[name])}" for name in curve.distinct]
    return f"{test_title(curve.test_name)}: {', '.join(facts)}"


def point_title(point: MergedPoint) -> str:
    return f"{test_title(point.test_name)}: {model_name(point.parameters)}"


def parameter_lines(parameters: Mapping[str, Value]) -> list[tuple[str, str]]:
    return [(name, value_text(value)) for name, value in sorted(parameters.items())]
