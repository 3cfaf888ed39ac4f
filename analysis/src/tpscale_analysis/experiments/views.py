"""The views of the plan's experiments. An experiment that is not here is shown by what every one has."""

from __future__ import annotations

from tpscale_analysis.experiments.view import Chart, FigureView, PartView, TableView, View

_BARS = "Bars: the 95 % interval. Hollow: oversubscribed or tainted, nothing is claimed from it."
_THROUGHPUTS = (
    "prefill_throughput", "decode_throughput", "output_throughput", "total_throughput",
)  # fmt: skip
_PHASES = ("prefill_seconds", "decode_seconds", "schedule_seconds")
_LATENCIES = tuple(
    f"{what}_{statistic}_seconds" for what in ("ttft", "tpot", "itl") for statistic in ("p50", "p90", "p99")
)  # fmt: skip

VIEWS = (
    View(
        "throughput",
        "Throughput",
        (*_THROUGHPUTS, "wall_seconds"),
        (
            PartView(
                FigureView(
                    "throughput",
                    "Throughput and where the wall time goes",
                    "Left: tokens a second of each phase and of the whole. Right: seconds of the slowest rank; "
                    f"they add up to the wall. {_BARS}",
                    (
                        Chart("bars", "Throughput", _THROUGHPUTS, "throughput"),
                        Chart("stacked", "Seconds of a run", _PHASES, "time"),
                    ),
                ),
                (
                    TableView("Throughput", _THROUGHPUTS),
                    TableView("Throughput a device", tuple(f"{s}_per_device" for s in _THROUGHPUTS)),
                    TableView("Seconds", ("wall_seconds", *_PHASES)),
                ),
            ),
        ),
    ),
)  # fmt: skip
_BY_NAME = {view.test_name: view for view in VIEWS}


def view_of(test_name: str) -> View | None:
    return _BY_NAME.get(test_name)
