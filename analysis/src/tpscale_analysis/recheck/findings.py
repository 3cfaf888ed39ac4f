"""What came of making every figure again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tpscale_analysis.experiments.arms import arms_of_run
from tpscale_analysis.point import Metric, Point
from tpscale_analysis.recheck.formula import stated
from tpscale_analysis.recheck.recipes import make_again

_ROUNDING = 1e-6  # of a figure made again: the program adds in another order
_PRINTED = 0.006  # of a number of three digits


@dataclass(frozen=True)
class Finding:
    """One stored figure beside the one made again. `agrees` is None where there is no way to make it."""

    point_id: str
    test_date: str
    name: str
    stored: float
    made: float | None
    agrees: bool | None
    how: str


def find(runs: Iterable[Point]) -> list[Finding]:
    """A finding a stored figure, in the order of runs and names."""
    return [
        _finding(run, metric, arms)
        for run in runs
        for arms in [arms_of_run(run)]
        for _, metric in sorted(run.results.items())
    ]


def _finding(run: Point, metric: Metric, arms: tuple[str, ...]) -> Finding:
    with np.errstate(all="ignore"):
        made = make_again(run, metric, arms)
    told = stated(metric.how_obtained)
    wrong = ""
    if told is not None and not _close(told, metric.value, _PRINTED):
        wrong = f"its arithmetic ends in {told:.6g}"
    if made and not _close(made.value, metric.value, _ROUNDING, made.rounding):
        wrong = f"{made.how} give {made.value:.6g}"
    elif made and made.ends and metric.method.startswith("bootstrap"):
        for end, stored, (least, most) in zip(
            ("begins", "ends"), (metric.low, metric.high), made.ends, strict=True
        ):
            if not least <= stored <= most:
                wrong = f"its interval {end} at {stored:.6g}, outside {least:.6g} to {most:.6g}"
    agrees = False if wrong else (True if made else None)
    return Finding(
        point_id=run.point_id,
        test_date=run.test_date,
        name=metric.name,
        stored=metric.value,
        made=made.value if made else None,
        agrees=agrees,
        how=wrong or (made.how if made else "no samples or arithmetic lead to it"),
    )


def _close(a: float, b: float, relative: float, absolute: float = 1e-12) -> bool:
    return abs(a - b) <= relative * max(abs(a), abs(b)) + absolute
