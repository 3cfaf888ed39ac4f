"""Numbers as people read them: units chosen by size, four significant digits, intervals in brackets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tpscale_analysis.point import Value
from tpscale_analysis.statistics import Estimate

NONE = "–"  # a figure that is not there; the reason stands elsewhere
_COUNTS = ("", "token")  # units of what may be a whole number
_SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "B": ((1024.0**3, "GiB"), (1024.0**2, "MiB"), (1024.0, "KiB"), (1.0, "B")),
    "B/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s")),
    "Hz": ((1e9, "GHz"), (1e6, "MHz"), (1.0, "Hz")),
    "FLOP/s": ((1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s"), (1.0, "FLOP/s")),
}


@dataclass(frozen=True)
class Scale:
    """Print value / factor with this unit."""

    unit: str
    factor: float = 1.0

    def show(self, value: float) -> str:
        return plain(value / self.factor)

    def show_interval(self, estimate: Estimate) -> str:
        shown = self.show(estimate.value)
        if estimate.low == estimate.high:
            whole = (
                self.unit in _COUNTS and estimate.value.is_integer() and abs(estimate.value) < 1e9
            )
            return f"{estimate.value:,.0f}" if whole else shown  # a count
        return f"{shown} [{self.show(estimate.low)}, {self.show(estimate.high)}]"


def scale_for(unit: str, values: Iterable[float]) -> Scale:
    """The largest unit in which the greatest value is at least 1."""
    largest = max((abs(value) for value in values), default=0.0)
    steps = _SCALES.get(unit)
    if not steps:
        return Scale("" if unit == "1" else unit)
    for factor, name in steps:
        if largest >= factor:
            return Scale(name, factor)
    factor, name = steps[0] if largest == 0 else steps[-1]
    return Scale(name, factor)


def plain(value: float, digits: int = 4) -> str:
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -3 or exponent >= 9:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{max(0, digits - 1 - exponent)}f}"


def ratio_interval(estimate: Estimate) -> str:
    """A speed-up."""
    if estimate.low == estimate.high:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def with_unit(unit: str, value: float) -> str:
    """A figure that chooses its unit for itself."""
    scale = scale_for(unit, [value])
    return f"{scale.show(value)} {scale.unit}".rstrip()


def byte_size(size: int) -> str:
    """A message size in the largest unit that it fills."""
    scale = scale_for("B", [size])
    return f"{size / scale.factor:.4g} {scale.unit}"


def percent(value: float, decimals: int = 1) -> str:
    return f"{100 * value:.{decimals}f} %"


def percent_interval(estimate: Estimate) -> str:
    shown = percent(estimate.value)
    if estimate.low == estimate.high:
        return shown
    return f"{shown} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def gain_interval(estimate: Estimate) -> str:
    """A change that is stored in per cent."""
    shown = f"{estimate.value:+.1f} %"
    if estimate.low == estimate.high:
        return shown
    return f"{shown} [{estimate.low:+.1f}, {estimate.high:+.1f}]"


def percent_range(low: float, high: float) -> str:
    return percent(low) if low == high else f"{100 * low:.1f} to {percent(high)}"


def value_text(value: Value) -> str:
    """A parameter or condition as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(entry) for entry in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
