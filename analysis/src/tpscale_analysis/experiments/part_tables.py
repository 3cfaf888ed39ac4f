"""The tables of a part of a view, and all that a terminal shows of a study."""

from __future__ import annotations

from tpscale_analysis.experiments.memory_table import memory_table
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.tables import (
    every_figure,
    percentile_table,
    refused_table,
    view_tables,
)
from tpscale_analysis.experiments.view import PartView
from tpscale_analysis.experiments.views import view_of
from tpscale_analysis.quality_tables import study_quality
from tpscale_analysis.table import Table

_EXTRAS = {"percentiles": percentile_table, "memory": memory_table}


def part_tables(study: Study, view: PartView) -> list[Table]:
    extras = [_EXTRAS[extra](study) for extra in view.extras]
    tables = [table for one in view.tables for table in view_tables(study, one)]
    return [*[table for table in extras if table], *tables]


def study_tables(study: Study) -> list[Table]:
    """What a terminal shows: the tables of the view, or all figures of an experiment without one."""
    view = view_of(study.test_name)
    tables = [table for part in (view.parts if view else ()) for table in part_tables(study, part)]
    if not tables:
        tables = [table for table in (percentile_table(study), *every_figure(study)) if table]
    more = (study_quality(study) if view else None, refused_table(study))
    return [*tables, *(table for table in more if table)]
