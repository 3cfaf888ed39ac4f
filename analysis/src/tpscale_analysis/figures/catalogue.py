"""All figures of one curve, those that its files have the numbers for."""

from __future__ import annotations

from tpscale_analysis.figures.communication import communication
from tpscale_analysis.figures.efficiency import efficiency
from tpscale_analysis.figures.figure import Figure
from tpscale_analysis.figures.memory_use import memory_use
from tpscale_analysis.figures.step_time import step_time
from tpscale_analysis.figures.throughput import throughput
from tpscale_analysis.scaling import Scaling

_ALL = (throughput, efficiency, step_time, communication, memory_use)


def figures_of(scaling: Scaling) -> list[Figure]:
    made = [make(scaling) for make in _ALL]
    return [figure for figure in made if figure]
