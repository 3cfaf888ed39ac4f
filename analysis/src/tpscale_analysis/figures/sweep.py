"""Lines over a parameter that was swept: a line an arm and figure, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from matplotlib.axes import Axes

from tpscale_analysis.experiments.arms import is_base
from tpscale_analysis.experiments.labels import label, point_label
from tpscale_analysis.experiments.study import Study
from tpscale_analysis.experiments.view import Chart
from tpscale_analysis.figures.bars import values_of
from tpscale_analysis.figures.colours import arm_colour
from tpscale_analysis.figures.figure import Panel
from tpscale_analysis.figures.style import Palette, legend_below, thousands
from tpscale_analysis.figures.values import Value, axis_title, common_scale, drawn
from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.numbers import Scale, byte_size, value_text

_PREDICTED = ("predicted", "expected", "ideal")  # in a stem: dashed and grey
_CEILING = "ceiling"  # the arm that the others are held against: likewise
_MANY = 4  # lines that have room in the legend
_MARKERS = "osD^v<>P"
_TITLE = 56  # characters
_LOG_FROM = 30.0  # ratio of the largest to the smallest value


def sweep(study: Study, chart: Chart) -> Panel | None:
    """None where nothing that the chart can be drawn over was varied."""
    parameter = next((name for name in chart.over if name in study.varying), "")
    fixed = [name for name in study.varying if not _follows(study, name, parameter)]
    points = _family(study, parameter, fixed) if parameter else []
    values = [value for value in values_of(study, chart) if value.point in points]
    if len({_x(value.point, parameter) for value in values}) < 2:
        return None
    values.sort(key=lambda value: _x(value.point, parameter))
    lines: dict[tuple[str, str], list[Value]] = defaultdict(list)
    for value in values:
        lines[value.stem, value.arm].append(value)
    arms = [arm for arm in study.arms if not is_base(arm) and arm != _CEILING]

    def draw(axes: Axes, palette: Palette) -> None:
        scale = common_scale(values)
        for place, ((stem, arm), line) in enumerate(lines.items()):
            index = arms.index(arm) if arm in arms and len(chart.stems) == 1 else place
            xs = [_x(value.point, parameter) for value in line]
            _line(
                axes,
                xs,
                line,
                index,
                scale,
                palette,
                _name(stem if len(chart.stems) > 1 else "", arm),
            )
        if chart.none is not None:
            axes.axhline(chart.none, linewidth=1.0, color=palette.muted)
        _axis(axes, [_x(point, parameter) for point in points], parameter)
        axes.set_ylabel(axis_title(chart.axis, scale))
        thousands(axes)
        if len(lines) > _MANY:
            legend_below(axes, 3, 5.5)
        elif len(lines) > 1:
            legend_below(axes, 2)

    where = point_label(points[0], tuple(fixed))
    return Panel(f"{chart.title} ({where})"[:_TITLE] if where else chart.title, draw)


def _line(
    axes: Axes, xs: list[float], line: list[Value], index: int, scale: Scale, palette: Palette, name: str
) -> None:  # fmt: skip
    stem, arm = line[0].stem, line[0].arm
    predicted = arm == _CEILING or any(word in stem for word in _PREDICTED)
    colour = palette.muted if predicted else arm_colour(arm, index, palette)
    shown = [drawn(value, scale) for value in line]
    axes.errorbar(
        xs, [e.value for e in shown],
        yerr=[[e.value - e.low for e in shown], [e.high - e.value for e in shown]],
        color=colour, marker=_MARKERS[index % len(_MARKERS)], elinewidth=1.2, label=name,
        linestyle=(0, (4, 3)) if predicted else "-",
        markerfacecolor=colour if all(value.claimed for value in line) else palette.surface,
    )  # fmt: skip


def _name(stem: str, arm: str) -> str:
    return ", ".join(part for part in (label(stem), arm.replace("_", " ")) if part)


def _family(study: Study, parameter: str, fixed: Sequence[str]) -> list[MergedPoint]:
    """The most points that agree in what is fixed: they differ in the parameter, and in what follows from it."""
    families: dict[str, list[MergedPoint]] = defaultdict(list)
    for point in study.measured:
        if isinstance(point.parameters.get(parameter), (int, float)):
            families[repr([point.parameters.get(name) for name in fixed])].append(point)
    return max(families.values(), key=len, default=[])


def _follows(study: Study, name: str, parameter: str) -> bool:
    """Whether each value of the parameter goes with one value of `name`."""
    pairs = {
        (repr(p.parameters.get(parameter)), repr(p.parameters.get(name))) for p in study.points
    }
    return len(pairs) == len({value for value, _ in pairs})


def _x(point: MergedPoint, parameter: str) -> float:
    value = point.parameters.get(parameter, 0.0)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _axis(axes: Axes, xs: list[float], parameter: str) -> None:
    ticks = sorted(set(xs))
    if ticks[0] > 0 and ticks[-1] / ticks[0] >= _LOG_FROM:
        axes.set_xscale("log", base=2)
    if len(ticks) <= 8:
        bytes_ = parameter.endswith("bytes")
        names = [byte_size(int(x)) if bytes_ else value_text(x) for x in ticks]
        axes.set_xticks(ticks, names, fontsize=8)
        axes.set_xticks([], minor=True)
    axes.set_xlabel(parameter.replace("_", " "))
    axes.tick_params(axis="x", length=0)
