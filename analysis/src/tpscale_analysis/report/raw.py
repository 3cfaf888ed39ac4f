"""The raw samples of points as lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.metric_tables import Label, degree_label
from tpscale_analysis.report.content import RawPoint

MAX_RAW_ROWS = 200  # of one series in the page; results.json holds all


def raw_points(
    points: Sequence[MergedPoint], head: str = "tp", label: Label = degree_label
) -> list[RawPoint]:
    return [raw for point in points for raw in _raw(point, f"{head} {label(point)}")]


def _raw(point: MergedPoint, name: str) -> list[RawPoint]:
    found = []
    for run in point.runs:
        lines = []
        for key in sorted(run.samples):
            series = run.samples[key]
            lines.append(
                f"{key} [{series.unit}], {series.clock}, {count_text(series.warm_ups, 'warm-up')}"
            )
            for number, row in enumerate(series.rows[:MAX_RAW_ROWS]):
                mark = series.marks[number] if series.marks else ""
                kind = "  warm-up " if number < series.warm_ups else "  "
                figures = "  ".join(f"{value:.9g}" for value in row)
                lines.append(f"{kind}{figures}{'  ' + mark if mark else ''}")
            if len(series.rows) > MAX_RAW_ROWS:
                lines.append(f"  ... {len(series.rows) - MAX_RAW_ROWS} more in results.json")
        title = f"{name}, {run.test_date}, from {run.launch}, point {run.point_id}"
        found.append(RawPoint(title, lines))
    return found


def count_text(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
