"""Each component of a rank's memory beside the size that follows from the shapes alone."""

from __future__ import annotations

from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.tables import parameter_cells, parameter_columns
from tpscale_analysis.memory import MemoryUse, memory_use
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.numbers import NONE, scale_for
from tpscale_analysis.table import Column, Table


def memory_uses(study: Study) -> list[tuple[MergedPoint, MemoryUse]]:
    return [(point, use) for point in study.measured for use in memory_use(point)]


def memory_table(study: Study) -> Table | None:
    """None where no memory was read."""
    uses = memory_uses(study)
    if not uses:
        return None
    unit = scale_for("B", [use.high for _, use in uses])
    rows = tuple(
        (
            use.name.replace("_", " "),
            *parameter_cells(study, point),
            unit.show(use.high),
            unit.show(use.analytic) if use.analytic else NONE,
            unit.show(use.high - use.analytic) if use.analytic else NONE,
            f"{100 * use.difference:+.2f} %" if use.difference is not None else NONE,
        )
        for point, use in uses
    )
    columns = (
        Column("component", numeric=False),
        *parameter_columns(study),
        *[
            Column(f"{title} [{unit.unit}]")
            for title in ("measured", "from the shapes", "difference")
        ],
        Column("difference"),
    )
    note = (
        "Of the rank that has most. Measured: the suite's own allocator; communication: what the device's view "
        "grew by when the communicator was made; device view: the device's own (resident memory on a CPU). From "
        "the shapes: from the model's configuration alone (KV: 2 x layers x KV heads of the rank x head "
        "dimension x tokens x bytes)."
    )
    return Table("Memory of a rank", columns, rows, note)
