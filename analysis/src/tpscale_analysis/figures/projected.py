"""What strong scaling would be if the all-reduces took what is assumed: drawn unlike anything measured."""

from __future__ import annotations

from matplotlib.axes import Axes

from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.series import MARKERS
from tpscale_analysis.figures.style import Palette, bar_axis, degree_axis, legend_below, thousands
from tpscale_analysis.headings import group_title
from tpscale_analysis.numbers import scale_for
from tpscale_analysis.projection import Projection
from tpscale_analysis.projection_tables import sources_note
from tpscale_analysis.scaling import PHASES, Phase

_DASHED = (0, (2, 2))


def projected(projection: Projection) -> Figure | None:
    """None where fewer than two degrees could be projected."""
    phases = [phase for phase in PHASES[:2] if len(projection.of_phase(phase)) > 1]
    if not phases:
        return None
    panels = [Panel("Projection: speed-up", lambda axes, p: _speedups(projection, axes, p))]
    panels += [_step_panel(projection, phase) for phase in phases]
    return Figure(
        name="projection",
        title="Projection, not a measurement: strong scaling",
        subject=group_title(projection.study.group),
        caption=(
            "Hollow and dashed: projected. Filled bars: the computing of one shard alone, measured; hatched: "
            f"the all-reduces that are added to it. {sources_note(projection)}"
        ),
        panels=tuple(panels),
    )


def _speedups(projection: Projection, axes: Axes, palette: Palette) -> None:
    degrees = sorted({row.degree for phase in PHASES for row in projection.of_phase(phase)})
    base = min(degrees)
    axes.plot(
        degrees, [p / base for p in degrees],
        linestyle=(0, (4, 3)), linewidth=1.2, color=palette.muted, label="ideal",
    )  # fmt: skip
    for index, phase in enumerate(PHASES):
        points = [(row, row.speedup) for row in projection.of_phase(phase) if row.speedup]
        if not points:
            continue
        colour = getattr(palette, phase.name)
        shift = 0.008 * (index - 1) * max(degrees)
        axes.errorbar(
            [row.degree + shift for row, _ in points],
            [estimate.value for _, estimate in points],
            yerr=[
                [estimate.value - estimate.low for _, estimate in points],
                [estimate.high - estimate.value for _, estimate in points],
            ],
            color=colour, label=phase.title.lower(), marker=MARKERS[phase.name], linestyle=_DASHED,
            markerfacecolor=palette.surface, markeredgecolor=colour, markeredgewidth=1.5,
            elinewidth=1.2,
        )  # fmt: skip
    axes.set_ylabel("speed-up (projection)")
    axes.set_ylim(bottom=0)
    degree_axis(axes, [float(p) for p in degrees], degrees)
    legend_below(axes, 2)


def _step_panel(projection: Projection, phase: Phase) -> Panel:
    def draw(axes: Axes, palette: Palette) -> None:
        rows = projection.of_phase(phase)
        unit = scale_for("s", [row.seconds.value for row in rows if row.seconds])
        positions = [float(index) for index in range(len(rows))]
        computing = [row.computing.value / unit.factor for row in rows]
        added = [row.added_seconds / unit.factor for row in rows]
        axes.bar(
            positions, computing, 0.62, color=palette.gemm, label="computing, measured",
            edgecolor=palette.surface, linewidth=0.6,
        )  # fmt: skip
        sent = [index for index, seconds in enumerate(added) if seconds > 0]
        axes.bar(
            [positions[i] for i in sent], [added[i] for i in sent], 0.62, [computing[i] for i in sent],
            color="none", label="all-reduces, projection",
            edgecolor=palette.collective, linewidth=1.0, hatch="////",
        )  # fmt: skip
        axes.set_ylim(0, axes.get_ylim()[1] * 1.05)
        axes.set_ylabel(f"{phase.title.lower()} time (projection) [{unit.unit}]")
        thousands(axes)
        bar_axis(axes, positions, [row.degree for row in rows])
        legend_below(axes, 1)

    return Panel(f"Projection: {phase.title.lower()}", draw)
