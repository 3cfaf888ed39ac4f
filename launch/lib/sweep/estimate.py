"""How long a launch may take: from what the same study has measured, else a rough model, else unknown."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from sweep.folder import StudyFolder
from sweep.launch import Launch
from sweep.machine import Machine
from sweep.program import PlannedPoint

# warm-up, timed and instrumented repetitions of a point where the study does not say
PASSES = {"smoke": 1 + 3 + 1}
DEFAULT_PASSES = 1 + 10 + 3


@dataclass(frozen=True)
class Estimate:
    seconds: float | None
    basis: str


class Estimator:
    """Of finished launches with the same experiment and model: the median of their seconds a point."""

    def __init__(
        self, machine: Machine, folder: StudyFolder, launches: list[Launch], points: list[int]
    ) -> None:
        self._machine = machine
        self._rates: dict[tuple[str, str], list[float]] = {}
        self._took: dict[str, float] = {}
        for launch, count in zip(launches, points, strict=True):
            history = folder.history(launch)
            if history.finished() and count:
                self._took[launch.name] = history.seconds()
                rates = self._rates.setdefault((launch.experiment, launch.model), [])
                rates.append(history.seconds() / count)

    def of(self, launch: Launch, points: list[PlannedPoint]) -> Estimate:
        if launch.name in self._took:
            return Estimate(self._took[launch.name], "took")
        rates = self._rates.get((launch.experiment, launch.model))
        if rates:
            return Estimate(
                median(rates) * len(points),
                f"from {len(rates)} finished of this experiment and model",
            )
        passes = _passes(launch.arguments)
        if not (self._machine.gemm_flops and self._machine.read_bytes and passes):
            return Estimate(None, "unknown until one like it has finished")
        return Estimate(sum(self._rough(point) for point in points) * passes, "rough model")

    def _rough(self, point: PlannedPoint) -> float:
        """One pass: every input token costs 2 FLOP a weight, every step of decode reads weights and half the cache
        once; no message, no start, and weights of 2 bytes. A lower bound rather than a promise."""
        steps = point.output_tokens / max(point.sequences, 1)
        prefill = 2 * (point.weights / 2) * point.input_tokens / self._machine.gemm_flops
        decode = steps * (point.weights + point.kv_cache / 2) / self._machine.read_bytes
        return prefill + decode


def _passes(arguments: tuple[str, ...]) -> int:
    """0: not known, as the launch repeats until its precision is reached."""
    given = dict(word.removeprefix("--").split("=", 1) for word in arguments if "=" in word)
    if "precision" in given:
        return 0
    if given.get("repetitions", "").isdigit():
        return 1 + int(given["repetitions"])
    return PASSES.get(given.get("profile", ""), DEFAULT_PASSES)
