"""Reads a JSON file of Google Benchmark into points. Files are untrusted.

Its format: https://github.com/google/benchmark/blob/main/docs/user_guide.md, "Output Formats". A repetition is a
sample; aggregates are left out, as they can be made again.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tpscale_analysis.errors import BadDataError, InputMissingError
from tpscale_analysis.micro.benchmark_name import TEST_NAME
from tpscale_analysis.point import FloatArray, Metric, Point, Samples, Value
from tpscale_analysis.reader import shown
from tpscale_analysis.statistics import median_estimate, series_marks, spread

SUFFIX = ".json"
SOURCE = "Google Benchmark JSON"
MAX_FILE_BYTES = 64 * 1024**2
MAX_TEXT = 1000  # characters of a name
MAX_COUNTERS = 100
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_UNITS = {
    "bytes": "B/s", "bytes_per_second": "B/s", "algbw": "B/s", "busbw": "B/s", "flops": "FLOP/s",
    "of_peak": "1", "of_read": "1", "items_per_second": "1/s", "min_s": "s",
}  # fmt: skip
# All else that is a number is a counter of the benchmark's own.
_KNOWN = {
    "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads",
    "iterations", "real_time", "cpu_time",
}  # fmt: skip
_METHOD = (
    "Google Benchmark: a sample is the mean real time of the iterations of one repetition, or their median where "
    "the program counts one; counters are as the program reports them."
)
# Of tpscale-micro, which joins them in the label: "oversubscribed: why | implausible: why".
_MARKS = ("oversubscribed", "implausible")
Json = dict[str, Any]


def read_google_benchmark(path: Path, launch: str) -> list[Point]:
    """A point a benchmark. BadDataError and InputMissingError name the file."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadDataError(f"is larger than {MAX_FILE_BYTES} bytes")
        document = json.loads(path.read_bytes().decode(), parse_constant=_no_number)
        return _points(document, f"{launch}/{path.name}")
    except BadDataError as error:
        raise BadDataError(f"{shown(path)}: {error}") from None
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadDataError(f"{shown(path)} is no JSON: {reason}") from None
    except OSError as error:
        raise InputMissingError(f"{shown(path)} cannot be read: {error.strerror}") from None


def _points(document: Any, launch: str) -> list[Point]:
    entries = document.get("benchmarks") if isinstance(document, dict) else None
    context = document.get("context") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not isinstance(context, dict):
        raise BadDataError("is no file of Google Benchmark (it has no 'context' and 'benchmarks')")
    by_name: dict[str, list[Json]] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise BadDataError("holds a benchmark that is no object")
        if entry.get("run_type", "iteration") != "aggregate":
            by_name.setdefault(_name(entry), []).append(entry)
    if not by_name:
        raise BadDataError(
            "holds no repetition of any benchmark (aggregates alone cannot be checked)"
        )
    return [_point(name, runs, context, launch) for name, runs in by_name.items()]


def _name(entry: Json) -> str:
    name = entry.get("run_name", entry.get("name"))
    if not isinstance(name, str) or not 0 < len(name) <= MAX_TEXT:
        raise BadDataError(f"holds a benchmark without a name of 1 to {MAX_TEXT} characters")
    return _text(name)


def _point(name: str, entries: list[Json], context: Json, launch: str) -> Point:
    wrong = [entry for entry in entries if entry.get("error_occurred") is True]
    errors = [_text(entry.get("error_message", "")) for entry in wrong]
    # What went wrong in one repetition, or was stopped after some, has no figure, as in the store.
    runs = [] if wrong else entries
    samples = {f"timed/{s.name}": s for s in _all_samples(name, runs)} if runs else {}
    program = _text(context.get("executable", "")).rpartition("/")[2]
    parameters: dict[str, Value] = {
        "experiment": TEST_NAME, "benchmark": name, "program": program, "source": SOURCE,
    }  # fmt: skip
    host = _text(context.get("host_name", "unknown host"))
    cores = context.get("num_cpus", "an unknown number of")
    identity = json.dumps(parameters, sort_keys=True)
    return Point(
        launch=launch,
        point_id=hashlib.sha256(identity.encode()).hexdigest()[:16],
        test_name=TEST_NAME,
        test_date=_text(context.get("date", "")),
        method=_METHOD,
        status="measured" if runs else "not_available",
        status_reason="" if runs else errors[0] or "it reported an error",
        marks=_marks(runs),
        parameters=parameters,
        conditions={},
        hardware={"device": f"{host}, {_text(cores)} CPUs"},
        provenance={
            "command_line": _text(context.get("executable", "")),
            "hosts": host,
            "benchmark_library": _text(context.get("library_build_type", "unknown")),
        },
        samples=samples,
        results={s.name: _median_of(s) for s in samples.values()},
        absent={},
        verdicts=(),
        arrays={},
    )


def _marks(runs: list[Json]) -> tuple[str, ...]:
    """Those of any repetition: they hold for the figure made of all."""
    said = {
        part.partition(":")[0].strip()
        for run in runs
        for part in _text(run.get("label", "")).split("|")
    }
    return tuple(mark for mark in _MARKS if mark in said)


def _all_samples(name: str, runs: list[Json]) -> list[Samples]:
    """Seconds and every counter that all repetitions have."""
    scales = [_SECONDS.get(str(run.get("time_unit", "ns"))) for run in runs]
    if None in scales:
        raise BadDataError(f"holds an unknown unit of time in {name!r:.200}")
    seconds = [
        _number(run, "real_time", name) * (scale or 1.0)
        for run, scale in zip(runs, scales, strict=True)
    ]
    if min(seconds) <= 0:
        raise BadDataError(f"holds a time that is not above 0 in {name!r:.200}")
    counters = [
        key
        for key, value in runs[0].items()
        if key not in _KNOWN and isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    shared = [key for key in counters if all(key in run for run in runs)][:MAX_COUNTERS]
    # algbw and busbw are of the median: what is shown beside them must be, too.
    if "median_s" in shared:
        seconds = [_number(run, "median_s", name) for run in runs]
        shared.remove("median_s")
        if min(seconds) <= 0:
            raise BadDataError(f"holds a median time that is not above 0 in {name!r:.200}")
    found = [_series("seconds", "s", "steady_clock", seconds)]
    for key in shared:
        values = [_number(run, key, name) for run in runs]
        label = _text(key)[:MAX_TEXT]
        if label != "seconds":
            found.append(_series(label, _UNITS.get(label, ""), "none", values))
    return found


def _series(name: str, unit: str, clock: str, values: list[float]) -> Samples:
    rows: FloatArray = np.array(values).reshape(-1, 1)
    return Samples(name, "timed", unit, clock, 0, ("rank 0",), rows, ())


def _median_of(series: Samples) -> Metric:
    values = series.rows[:, 0]
    middle = median_estimate(values, f"{series.name} {len(values)}")
    return Metric(
        name=series.name,
        unit=series.unit,
        value=middle.value,
        low=middle.low,
        high=middle.high,
        samples=len(values),
        spread=spread(values),
        method="bootstrap of the median, 10000 resamples",
        how_obtained=f"median of {len(values)} repetitions = {middle.value:.6g} {series.unit}",
        marks=series_marks(values),
    )


def _number(entry: Json, key: str, name: str) -> float:
    value = entry.get(key)
    try:
        number = float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:
        number = math.inf
    if isinstance(value, bool) or not math.isfinite(number):
        raise BadDataError(f"holds no finite number {key!r:.60} in {name!r:.200}")
    return number


def _text(value: Any) -> str:
    """Of whatever stands there; halves of characters made visible."""
    return str(value)[: 4 * MAX_TEXT].encode("utf-8", "backslashreplace").decode()


def _no_number(word: str) -> NoReturn:
    raise BadDataError(f"holds {word}, which is no number of JSON")
