"""A chart a family: its rate over the number in its names that varies most."""

from __future__ import annotations

from collections import defaultdict

from matplotlib.axes import Axes

from tpscale_analysis.figures.figure import Figure, Panel
from tpscale_analysis.figures.style import Palette, legend_below, thousands
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.micro.benchmark_name import name_of
from tpscale_analysis.micro.tables import figure_names
from tpscale_analysis.numbers import byte_size, scale_for
from tpscale_analysis.scaling_tables import NO_CLAIM
from tpscale_analysis.statistics import interval_of

_LINES = 6  # that a legend has room for
_MANY = 3
_OVER = ("bytes", "rows", "context", "sequences")  # where several vary equally
_RATES = ("busbw", "flops", "bytes")
_COLOURS = ("prefill", "decode", "end_to_end", "host", "attention", "other")
_MARKERS = "osD^v<"
_LABEL = 40  # characters


def family_figure(family: str, points: list[MergedPoint], subject: str) -> Figure | None:
    """None where no number varies."""
    key = _varying(points)
    if not key:
        return None
    what = next((n for n in _RATES if n in figure_names(points)), "seconds")
    lines: dict[str, list[MergedPoint]] = defaultdict(list)
    for point in points:
        if what in point.metrics and key in name_of(point).numbers:
            lines[name_of(point).without(key)].append(point)
    drawn = sorted((n for n in lines if len(lines[n]) > 1), key=lambda n: (-len(lines[n]), n))[
        :_LINES
    ]
    if not drawn:
        return None
    left_out = sum(1 for points in lines.values() if len(points) > 1) - len(drawn)
    labels, shared = _labels(sorted(drawn))
    chosen = {labels[name]: lines[name] for name in labels}
    caption = (
        f"{what} by {key}{' of ' + shared if shared else ''}: medians with their 95 % intervals; "
    )
    caption += "hollow where nothing is claimed."
    if left_out:
        caption += f" {left_out} more lines are in the table."
    panel = Panel(
        f"{family[:40]}: {what}", lambda axes, palette: _draw(axes, palette, chosen, key, what)
    )
    return Figure("micro", family[:60], subject, caption, (panel,))


def _labels(names: list[str]) -> tuple[dict[str, str], str]:
    """What tells lines apart, and what all of them share."""
    parts = {name: name.split("/") for name in names}
    shared = [part for part in parts[names[0]] if all(part in other for other in parts.values())]
    labels = {
        name: "/".join(part for part in found if part not in shared)[:_LABEL] or name[:_LABEL]
        for name, found in parts.items()
    }
    if len(set(labels.values())) < len(names):
        return {name: name for name in names}, ""
    return labels, "/".join(shared)


def _varying(points: list[MergedPoint]) -> str:
    values: dict[str, set[int]] = defaultdict(set)
    for point in points:
        for key, number in name_of(point).numbers.items():
            values[key].add(number)
    keys = [key for key, found in values.items() if len(found) > 1]
    rank = {key: place for place, key in enumerate(_OVER)}
    return min(keys, key=lambda k: (rank.get(k, len(rank)), -len(values[k]), k), default="")


def _draw(
    axes: Axes, palette: Palette, lines: dict[str, list[MergedPoint]], key: str, what: str
) -> None:
    metrics = [point.metrics[what] for points in lines.values() for point in points]
    scale = scale_for(metrics[0].unit, [metric.value for metric in metrics])
    ticks = sorted({name_of(p).numbers[key] for points in lines.values() for p in points})
    for index, (name, points) in enumerate(lines.items()):
        xs = [name_of(point).numbers[key] for point in points]
        shown = [interval_of(point.metrics[what]).times(1 / scale.factor) for point in points]
        claimed = not any({*p.marks, *p.metrics[what].marks} & set(NO_CLAIM) for p in points)
        colour = getattr(palette, _COLOURS[index % len(_COLOURS)])
        axes.errorbar(
            xs, [e.value for e in shown],
            yerr=[[e.value - e.low for e in shown], [e.high - e.value for e in shown]],
            color=colour, marker=_MARKERS[index % len(_MARKERS)], elinewidth=1.2, label=name,
            markerfacecolor=colour if claimed else palette.surface,
        )  # fmt: skip
    if ticks[0] > 0:
        axes.set_xscale("log", base=2)
    labels = [byte_size(tick) if key == "bytes" else str(tick) for tick in ticks]
    axes.set_xticks(ticks, labels, fontsize=6 if len(ticks) > 6 else 8)
    axes.set_xticks([], minor=True)
    axes.set_xlabel(key.replace("_", " "))
    axes.set_ylabel(f"{what} [{scale.unit}]" if scale.unit else what)
    axes.set_ylim(bottom=0)
    thousands(axes)
    if len(lines) > 1:
        legend_below(axes, 2, 5.5 if len(lines) > _MANY else None)
