"""Figures that compare the arms of one point: ratios of repetitions that were made side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tpscale_analysis.point import FloatArray, Point, Samples


@dataclass(frozen=True)
class PairedFigure:
    """scale x (above / below) + offset; `above` is at least `at_least` where that is given."""

    above: str
    below: str
    scale: float
    offset: float
    formula: str
    at_least: str = ""

    @property
    def series(self) -> tuple[str, ...]:
        return tuple(key for key in (self.above, self.below, self.at_least) if key)


PAIRED = {
    "cpu_overhead_reduction": PairedFigure(
        above="timed/enqueue_seconds_on",
        below="timed/enqueue_seconds_off",
        scale=-100.0,
        offset=100.0,
        formula="(off - on) / off x 100 of the host seconds that enqueueing a step takes",
    ),
    "throughput_improvement": PairedFigure(
        above="timed/decode_seconds_off",
        below="timed/decode_seconds_on",
        scale=100.0,
        offset=-100.0,
        formula="(on - off) / off x 100 of the decode throughput",
    ),
    "predicted_improvement": PairedFigure(
        above="timed/enqueue_seconds_off",
        below="timed/decode_step_seconds_on",
        scale=100.0,
        offset=-100.0,
        formula="(max(enqueueing off, step on) - step on) / step on x 100",
        at_least="timed/decode_step_seconds_on",
    ),
    "improvement_vs_mixed": PairedFigure(
        above="timed/wall_seconds_separated",
        below="timed/wall_seconds_mixed",
        scale=-100.0,
        offset=100.0,
        formula="(mixed - separated) / mixed x 100 of the wall seconds",
    ),
    "prefill_speedup": PairedFigure(
        above="timed/prefill_seconds_off",
        below="timed/prefill_seconds_on",
        scale=1.0,
        offset=0.0,
        formula="prefill off / prefill on",
    ),
    "cost_without_hits": PairedFigure(
        above="timed/wall_seconds_on",
        below="timed/wall_seconds_off",
        scale=100.0,
        offset=-100.0,
        formula="(on - off) / off x 100 of the wall seconds, nothing being found",
    ),
    "difference": PairedFigure(
        above="timed/wall_seconds_again",
        below="timed/wall_seconds_first",
        scale=1.0,
        offset=-1.0,
        formula="wall again / wall first - 1",
    ),
    "injected_difference": PairedFigure(
        above="timed/wall_seconds_delayed",
        below="timed/wall_seconds_first",
        scale=1.0,
        offset=-1.0,
        formula="wall delayed / wall first - 1",
    ),
}

# A figure of one name in several experiments: that whose series are there.
_SEVERAL = {
    "speedup": tuple(
        PairedFigure(
            above=f"timed/wall_seconds_{slow}",
            below=f"timed/wall_seconds_{fast}",
            scale=1.0,
            offset=0.0,
            formula=f"wall {slow} / wall {fast}",
        )
        for slow, fast in (("off", "on"), ("contiguous_batched", "paged_batched"))
    )
}
OF_BOTH = frozenset({*PAIRED, *_SEVERAL})  # of no arm, whatever their names end in
# Of each arm against another: {arm} stands for its own name.
_OF_ARMS = {
    f"{direction}share_of_ceiling": PairedFigure(
        above=f"timed/{series}_seconds_ceiling",
        below=f"timed/{series}_seconds_{{arm}}",
        scale=1.0,
        offset=0.0,
        formula="seconds of the ceiling / seconds of this arm",
    )
    for direction, series in (
        ("", "wall"),
        ("device_to_host_", "device_to_host"),
        ("host_to_device_", "host_to_device"),
    )
}
_OF_ARMS["decode_slowdown"] = PairedFigure(
    above="timed/decode_seconds_{arm}",
    below="timed/decode_seconds_alone",
    scale=1.0,
    offset=0.0,
    formula="decode seconds beside the copies / decode seconds without any",
)


def paired_figure(name: str, runs: Sequence[Point]) -> PairedFigure | None:
    """How the figure of that name compares arms; None where it does not."""
    if name in PAIRED:
        return PAIRED[name]
    for figure in _SEVERAL.get(name, ()):
        if any(figure.above in run.samples for run in runs):
            return figure
    stems = [stem for stem in _OF_ARMS if name.startswith(f"{stem}_")]
    if not stems:
        return None
    stem = max(stems, key=len)
    arm, found = name.removeprefix(f"{stem}_"), _OF_ARMS[stem]
    made = replace(
        found, above=found.above.replace("{arm}", arm), below=found.below.replace("{arm}", arm)
    )
    there = any(key in run.samples for run in runs for key in (made.above, made.below))
    return made if there else None


def paired_times(figure: PairedFigure, runs: Sequence[Point]) -> tuple[FloatArray, FloatArray]:
    """What is above and below the line, a value a repetition: those that count in every arm.

    A repetition counts that is no warm-up and not tainted; in an arm where all are tainted, all count. Where no
    repetition counts in every arm, those of the arm above; none where the arms have not the same repetitions.
    """
    clean, fallback = [np.empty((0, 2))], [np.empty((0, 2))]
    for run in runs:
        arms = [run.samples[key] for key in figure.series if key in run.samples]
        if len(arms) != len(figure.series) or len({len(arm.rows) for arm in arms}) != 1:
            continue
        times = [arm.rows.max(axis=1) for arm in arms]
        above = np.maximum(times[0], times[2]) if figure.at_least else times[0]
        pairs = np.stack([above, times[1]], axis=1)
        counts = [counted_rows(arm) for arm in arms]
        clean.append(pairs[np.all(counts, axis=0)])
        fallback.append(pairs[counts[0]])
    pooled = np.concatenate(clean)
    pooled = pooled if len(pooled) else np.concatenate(fallback)
    return pooled[:, 0], pooled[:, 1]


def counted_rows(series: Samples) -> NDArray[np.bool_]:
    """Which repetitions count."""
    measured = ~series.is_warm_up
    clean: NDArray[np.bool_] = measured & ~series.is_tainted
    return clean if clean.any() else measured
