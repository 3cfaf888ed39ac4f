"""`python -m tpscale_analysis.rates PATH...`: one row a point, prefill and decode beside the device's measured limits.

What launch/benchmark prints after its runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tpscale_analysis.errors import AnalysisError
from tpscale_analysis.escape import console
from tpscale_analysis.inputs import find_sources
from tpscale_analysis.isolated import read_points
from tpscale_analysis.numbers import NONE, plain
from tpscale_analysis.point import Point
from tpscale_analysis.table import Column, Table, to_console
from tpscale_analysis.virtual import without_figures

_IDENTITY = ("dtype", "threads", "linear", "tp", "num_sequences", "input_tokens")
# head, result, factor
_FIGURES = (
    ("prefill token/s", "prefill_throughput", 1.0),
    ("MFU %", "prefill_mfu", 100.0),
    ("decode token/s", "decode_throughput", 1.0),
    ("MBU %", "decode_mbu", 100.0),
    ("peak MiB", "memory_peak", 1 / 1024**2),
)
_LIMITS = (("read GB/s", "read_bandwidth", 1e-9), ("GEMM GFLOP/s", "gemm_rate", 1e-9))


def rates_table(points: list[Point]) -> Table:
    """Points in the order of their identity; the repeated base of a launch is left out."""
    first = [point for point in points if not point.parameters.get("base_repeat", False)]
    chosen = [without_figures(point) for point in first]
    rows = sorted((_identity(point), _row(point)) for point in chosen)
    return Table(
        title="rates of single points, medians; MFU and MBU against the rate and bandwidth beside them",
        columns=tuple(
            Column(name.replace("_", " "), numeric=name not in ("dtype", "linear"))
            for name in _IDENTITY
        )
        + tuple(Column(head) for head, _, _ in _FIGURES)
        + tuple(Column(head) for head, _, _ in _LIMITS),
        rows=tuple(row for _, row in rows),
    )


def _identity(point: Point) -> tuple[str, ...]:
    values = [point.parameters.get(name, "") for name in _IDENTITY]
    return tuple(value if isinstance(value, str) else f"{value:>12}" for value in values)


def _row(point: Point) -> tuple[str, ...]:
    identity = tuple(str(point.parameters.get(name, "")) for name in _IDENTITY)
    figures = tuple(
        plain(point.results[name].value * factor) if name in point.results else NONE
        for _, name, factor in _FIGURES
    )
    limits = []
    for _, name, factor in _LIMITS:
        value = point.hardware.get(name)
        limits.append(plain(value * factor) if isinstance(value, float) else NONE)
    return identity + figures + tuple(limits)


def main(paths: list[str]) -> int:
    try:
        points = read_points(find_sources([Path(path) for path in paths]))
        print(to_console(rates_table(points)), end="")
    except AnalysisError as error:
        print(f"rates: {console(error)}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
