"""Decode steps with graphs off and on, and what that gains beside what was predicted, by batch size."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.style import Palette, legend_below, thousands
from tpscale_analysis.graph_gain import GraphGain, GraphStudy
from tpscale_analysis.headings import group_title
from tpscale_analysis.numbers import scale_for
from tpscale_analysis.scaling_tables import NO_CLAIM
from tpscale_analysis.statistics import Estimate

_ARMS = (
    ("decode_step_seconds_off", "graphs off", "decode", "s"),
    ("decode_step_seconds_on", "graphs on", "prefill", "o"),
)
_GAINS = (
    ("throughput_improvement", "measured", "end_to_end", "D", "-"),
    ("predicted_improvement", "predicted", "muted", "v", (0, (4, 3))),
)


def graph_gain(study: GraphStudy, tp: int) -> Figure | None:
    """None where no point of this degree has figures."""
    gains = study.of_degree(tp)
    panels = []
    if _having(gains, _ARMS[0][0]):
        panels.append(Panel("Decode step", lambda axes, p: _steps(gains, axes, p)))
    if _having(gains, _GAINS[0][0]):
        panels.append(Panel("Throughput gain", lambda axes, p: _improvements(gains, axes, p)))
    if not panels:
        return None
    return Figure(
        name=f"graph_gain_tp{tp}",
        title=f"Decode steps with graphs off and on, tp {tp}",
        subject=group_title(study.group),
        caption=(
            "Left: seconds of a decode step, slowest rank. Right: what graphs add to the decode throughput, "
            "measured, beside max(enqueueing off, step on) / step on - 1, which is what hiding the host's "
            "enqueueing alone would give. Bars: the 95 % interval. Hollow: oversubscribed or tainted, "
            "nothing is claimed from it."
        ),
        panels=tuple(panels),
    )


def _having(gains: Sequence[GraphGain], name: str) -> list[tuple[GraphGain, Estimate]]:
    found = [(gain, gain.estimate(name)) for gain in gains]
    return [(gain, estimate) for gain, estimate in found if estimate]


def _steps(gains: Sequence[GraphGain], axes: Axes, palette: Palette) -> None:
    values = [estimate.high for arm in _ARMS for _, estimate in _having(gains, arm[0])]
    unit = scale_for("s", values)
    for index, (name, label, colour, marker) in enumerate(_ARMS):
        points = [(g, e.times(1 / unit.factor)) for g, e in _having(gains, name)]
        _series(axes, points, getattr(palette, colour), label, marker, "-", palette, index)
    axes.set_ylabel(f"step time [{unit.unit}]")
    axes.set_ylim(bottom=0)
    thousands(axes)
    _batch_axis(axes, gains)


def _improvements(gains: Sequence[GraphGain], axes: Axes, palette: Palette) -> None:
    axes.axhline(0.0, linewidth=1.0, color=palette.muted)
    for index, (name, label, colour, marker, line) in enumerate(_GAINS):
        points = _having(gains, name)
        _series(axes, points, getattr(palette, colour), label, marker, line, palette, index)
    axes.set_ylabel("decode throughput [% more]")
    _batch_axis(axes, gains)


def _series(
    axes: Axes,
    points: Sequence[tuple[GraphGain, Estimate]],
    colour: str,
    label: str,
    marker: str,
    line: object,
    palette: Palette,
    index: int,
) -> None:
    shift = 1.03 if index else 1 / 1.03  # so that intervals do not cover each other
    x = [max(gain.batch_size, 1) * shift for gain, _ in points]
    y = [estimate.value for _, estimate in points]
    below = [estimate.value - estimate.low for _, estimate in points]
    above = [estimate.high - estimate.value for _, estimate in points]
    axes.errorbar(
        x, y, yerr=[below, above], color=colour, label=label, marker=marker, linestyle=line,
        elinewidth=1.2,
    )  # fmt: skip
    hollow = [i for i, (gain, _) in enumerate(points) if set(NO_CLAIM) & set(gain.marks)]
    axes.plot(
        [x[i] for i in hollow], [y[i] for i in hollow], linestyle="none", marker=marker,
        markerfacecolor=palette.surface, markeredgecolor=colour, markeredgewidth=1.5, zorder=5,
    )  # fmt: skip


def _batch_axis(axes: Axes, gains: Sequence[GraphGain]) -> None:
    sizes = sorted({max(gain.batch_size, 1) for gain in gains})
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_xlim(sizes[0] / 1.3, sizes[-1] * 1.3)
    axes.set_xlabel("batch size [sequences]")
    axes.tick_params(axis="x", length=0)
    legend_below(axes, 2)
