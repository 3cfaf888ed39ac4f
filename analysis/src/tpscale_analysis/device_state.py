"""What rank 0's device said of itself while a launch measured: clocks, temperature, power, memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tpscale_analysis.merge import MergedPoint
from tpscale_analysis.numbers import plain, scale_for
from tpscale_analysis.point import FloatArray, Point
from tpscale_analysis.table import Column, Table

_TIME = "monitor/device_sample_time"
# series, what it is called, and the chart it belongs to
QUANTITIES = (
    ("device_clock_sm", "SM clock"),
    ("device_clock_memory", "memory clock"),
    ("device_temperature", "temperature"),
    ("device_power", "power"),
    ("device_memory_used", "memory used"),
)


@dataclass(frozen=True, eq=False)
class DeviceState:
    """One launch: its points one after another on one axis of time."""

    launch: str
    points: int
    seconds: FloatArray
    firsts: tuple[int, ...]  # which sample is the first of each point
    series: Mapping[str, FloatArray]
    units: Mapping[str, str]
    reasons: tuple[str, ...]  # a sample: what held its clocks down, or ""

    @property
    def held_down(self) -> FloatArray:
        """When something held the clocks down."""
        return self.seconds[np.array([bool(reason) for reason in self.reasons], dtype=np.bool_)]


def device_states(points: Iterable[MergedPoint]) -> list[DeviceState]:
    """A launch each, in the order of their names; none for launches whose device does not tell."""
    by_launch: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        for run in point.runs:
            if _TIME in run.samples and run.samples[_TIME].rows.size:
                by_launch[run.launch].append(run)
    return [_state(launch, runs) for launch, runs in sorted(by_launch.items())]


def _state(launch: str, runs: list[Point]) -> DeviceState:
    ordered = sorted(runs, key=lambda run: (run.test_date, run.fingerprint))
    times: list[FloatArray] = []
    firsts: list[int] = []
    reasons: list[str] = []
    values: dict[str, list[FloatArray]] = defaultdict(list)
    units: dict[str, str] = {}
    offset = 0.0
    for run in ordered:
        clock = run.samples[_TIME]
        mine = clock.rows[:, 0]
        firsts.append(len(reasons))
        times.append(offset + mine)
        reasons += clock.marks or [""] * len(mine)
        for name, _ in QUANTITIES:
            series = run.samples.get(f"monitor/{name}")
            fits = series is not None and series.rows.size and len(series.rows) == len(mine)
            values[name].append(
                series.rows[:, 0] if series and fits else np.full(len(mine), np.nan)
            )
            if series:
                units.setdefault(name, series.unit)
        offset += max(float(mine.max()), 0.0)
    series_of = {name: np.concatenate(parts) for name, parts in values.items()}
    return DeviceState(
        launch=launch,
        points=len(ordered),
        seconds=np.concatenate(times),
        firsts=tuple(firsts),
        series={name: all_ for name, all_ in series_of.items() if np.nansum(np.abs(all_)) > 0},
        units=units,
        reasons=tuple(reasons),
    )


def state_table(state: DeviceState) -> Table:
    """Least, middle and most of each quantity."""
    rows = []
    for name, title in QUANTITIES:
        if name not in state.series:
            continue
        values = state.series[name][~np.isnan(state.series[name])]
        unit = scale_for(state.units[name], values.tolist())
        shown = [unit.show(float(f(values))) for f in (np.min, np.median, np.max)]
        rows.append((f"{title} [{shown_unit(unit.unit)}]", *shown, str(len(values))))
    columns = (
        Column("rank 0's device", numeric=False),
        *[Column(title) for title in ("least", "median", "most", "samples")],
    )
    return Table(
        f"The device while it was measured: {state.launch}", columns, tuple(rows), _note(state)
    )


def shown_unit(unit: str) -> str:
    return "°C" if unit == "degC" else unit


def _note(state: DeviceState) -> str:
    count = Counter(reason for reason in state.reasons if reason)
    every = len(state.reasons)
    if not count:
        return f"Nothing held its clocks down in {every} samples."
    told = "; ".join(
        f"{reason} in {plain(100 * n / every, 3)} %" for reason, n in sorted(count.items())
    )
    return f"What held its clocks down, in shares of {every} samples: {told}."
