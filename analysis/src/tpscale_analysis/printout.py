"""The tables on a terminal."""

from __future__ import annotations

from tpscale_analysis.device_state import state_table
from tpscale_analysis.escape import console
from tpscale_analysis.experiments.part_tables import study_tables
from tpscale_analysis.graph_tables import graph_tables
from tpscale_analysis.headings import curve_title, group_title, study_title
from tpscale_analysis.metric_tables import absent_table
from tpscale_analysis.micro.benchmark_name import TEST_NAME as MICRO
from tpscale_analysis.micro.tables import micro_tables
from tpscale_analysis.projection_tables import shard_tables
from tpscale_analysis.quality_tables import curve_quality
from tpscale_analysis.results import Results
from tpscale_analysis.scaling_tables import scaling_tables
from tpscale_analysis.table import to_console


def printout(results: Results) -> str:
    parts = []
    for scaling in results.scalings:
        parts.append(console(curve_title(scaling.curve)) + "\n")
        parts += [to_console(table) for table in scaling_tables(scaling)]
        quality = curve_quality(scaling)
        if quality:
            parts.append(to_console(quality))
        absent = absent_table(scaling.curve.points)
        if absent:
            parts.append(to_console(absent))
    for study in results.graph_studies:
        parts.append(console(group_title(study.group)) + "\n")
        parts += [to_console(table) for table in graph_tables(study)]
    for projection in results.projections:
        parts.append(console(group_title(projection.study.group)) + "\n")
        parts += [to_console(table) for table in shard_tables(projection)]
    for other in results.studies:
        parts.append(console(study_title(other)) + "\n")
        tables = micro_tables if other.test_name == MICRO else study_tables
        parts += [to_console(table) for table in tables(other)]
    parts += [to_console(state_table(state)) for state in results.device_states]
    return "\n".join(parts)
