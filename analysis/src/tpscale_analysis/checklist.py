"""The plan's checklist, ticked from stored facts and never by hand."""

from __future__ import annotations

from dataclasses import dataclass

from tpscale_analysis.experiments.arms import arms_of_run
from tpscale_analysis.merge import MergedPoint, device_of
from tpscale_analysis.results import Results

CLOCKS = ("steady_clock", "device_event")


@dataclass(frozen=True)
class Item:
    """A question of the plan, its answer, and the facts behind the answer."""

    question: str
    passed: bool
    fact: str


def checklist(results: Results) -> list[Item]:
    return [
        _one_hardware(results),
        _one_build(results),
        _method_recorded(results),
        _checkable_alone(results),
        _no_outside_data(results),
        _synchronised(results),
        _repeated(results),
        _base_present(results),
        _pairs_complete(results),
        _real_devices(results),
        _verdicts_passed(results),
    ]


def _one_hardware(results: Results) -> Item:
    devices = sorted({device_of(run) or "unnamed device" for run in results.runs})
    return Item("One hardware", len(devices) == 1, "; ".join(devices))


def _one_build(results: Results) -> Item:
    builds = {str(run.provenance.get("binary_hash", "unknown")) for run in results.runs}
    commits = sorted({str(run.provenance.get("commit", "unknown")) for run in results.runs})
    dirty = any(run.provenance.get("dirty") is True for run in results.runs)
    fact = f"{len(builds)} binary, commit {', '.join(commits)}{', with local changes' * dirty}"
    return Item("One build", len(builds) == 1, fact)


def _method_recorded(results: Results) -> Item:
    having = sum(1 for run in results.runs if run.method)
    count = len(results.runs)
    return Item(
        "Method recorded", having == count, f"{having} of {count} points say how they timed"
    )


def _checkable_alone(results: Results) -> Item:
    metrics = [metric for run in results.runs for metric in run.results.values()]
    with_arithmetic = sum(1 for metric in metrics if metric.how_obtained)
    wrong = sum(1 for finding in results.findings if finding.agrees is False)
    made = sum(1 for finding in results.findings if finding.agrees is not None)
    fact = (
        f"{with_arithmetic} of {len(metrics)} figures carry their arithmetic; {made} were made again here from "
        f"their raw samples or arithmetic, {wrong} of them with another result"
    )
    good = with_arithmetic == len(metrics) and not wrong
    return Item("Each number checkable alone", good, fact)


def _no_outside_data(results: Results) -> Item:
    having = sum(1 for run in results.runs if run.conditions.get("workload_hash"))
    count = len(results.runs)
    fact = f"every measured figure comes from these files; {having} of {count} name their workload by hash"
    models = {p.model.source for p in results.projections if any(r.uses_model for r in p.rows)}
    fact += "".join(f"; projections, which are no measurements, add {model}" for model in models)
    return Item("No outside data", having == count, fact)


def _synchronised(results: Results) -> Item:
    """Of what was timed; counts, which no clock gave, lie beside it."""
    timed = [
        series
        for run in results.runs
        for series in run.samples.values()
        if series.phase == "timed" and (series.unit == "s" or series.clock != "none")
    ]
    good = sum(1 for series in timed if series.clock in CLOCKS)
    clocks = ", ".join(sorted({series.clock for series in timed})) or "none"
    fact = f"{good} of {len(timed)} timed series name the clock that is read after a synchronise"
    return Item("Synchronised timing", good == len(timed), f"{fact} ({clocks})")


def _repeated(results: Results) -> Item:
    counts = [count for point in results.points for count in _repetitions(point)]
    warm = [s.warm_ups for run in results.runs for s in run.samples.values() if s.phase == "timed"]
    fact = "no timed samples"
    if counts:
        fact = f"{min(counts)} to {max(counts)} repetitions, {min(warm)} to {max(warm)} warm-ups"
    return Item("Repeated", bool(counts) and min(counts) > 1, fact)


def _repetitions(point: MergedPoint) -> list[int]:
    keys = {key for run in point.measured for key in run.samples if key.startswith("timed/")}
    return [len(point.repetitions(key)) for key in sorted(keys)]


def _base_present(results: Results) -> Item:
    if not results.scalings:
        return Item("Base present", True, "no scaling experiment, so no base is needed")
    bases = sorted({scaling.curve.base.tp for scaling in results.scalings})
    good = all(any(row.speedup for row in scaling.rows) for scaling in results.scalings)
    return Item("Base present", good, f"every ratio is against tp {', '.join(map(str, bases))}")


def _pairs_complete(results: Results) -> Item:
    """Every repetition of a comparison has all its arms."""
    question = "On and off pairs complete"
    compared = [(run, arms) for run in results.runs if len(arms := arms_of_run(run)) > 1]
    if not compared:
        return Item(question, True, "no comparison of arms was measured, so no pairs are needed")
    series = complete = 0
    for run, (base, *others) in compared:
        for key in run.samples:
            if key.startswith("timed/") and key.endswith(f"_{base}"):
                stem, rows = key.removesuffix(base), len(run.samples[key].rows)
                beside = [run.samples.get(f"{stem}{other}") for other in others]
                series += 1
                complete += all(other is not None and len(other.rows) == rows for other in beside)
    fact = f"{complete} of {series} series of {len(compared)} comparisons have as many repetitions with each arm"
    return Item(question, complete == series, fact)


def _real_devices(results: Results) -> Item:
    virtual = sum(1 for point in results.points if point.is_virtual)
    count = len(results.points)
    fact = f"{virtual} of {count} points ran on virtual devices" if virtual else "no virtual device"
    return Item(
        "Real devices", not virtual, fact + " and have no performance figure" * bool(virtual)
    )


def _verdicts_passed(results: Results) -> Item:
    verdicts = [verdict for point in results.points for verdict in point.verdicts]
    passed = sum(1 for verdict in verdicts if verdict.passed)
    refused = results.refusals()
    expected = [
        p for p in results.points if (p.is_virtual and not p.failed) or p.status == "not_available"
    ]
    withheld = len(refused.keys() - {point.point_id for point in expected})
    fact = f"{passed} of {len(verdicts)} verdicts passed; figures of {withheld} points withheld"
    return Item("Verified", passed == len(verdicts) and not withheld, fact)
