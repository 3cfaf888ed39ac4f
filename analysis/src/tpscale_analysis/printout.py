"""The tables on a terminal."""

from __future__ import annotations

from tpscale_analysis.escape import console
from tpscale_analysis.headings import curve_title, test_title
from tpscale_analysis.metric_tables import absent_table, point_tables
from tpscale_analysis.results import Results
from tpscale_analysis.scaling_tables import scaling_tables
from tpscale_analysis.table import to_console


def printout(results: Results) -> str:
    parts = []
    for scaling in results.scalings:
        parts.append(console(curve_title(scaling.curve)) + "\n")
        parts += [to_console(table) for table in scaling_tables(scaling)]
        absent = absent_table(scaling.curve.points)
        if absent:
            parts.append(to_console(absent))
    for test_name in sorted({point.test_name for point in results.others}):
        points = [point for point in results.others if point.test_name == test_name]
        parts.append(console(test_title(test_name)) + "\n")
        parts += [to_console(table) for table in point_tables(points)]
    return "\n".join(parts)
