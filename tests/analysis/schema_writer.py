"""Writes files of the schema with h5py, independent of the suite's own writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Figure = tuple[float, float, float, str] | tuple[float, float, float, str, str]


@lru_cache
def _middle_ranks(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of the sorted values the two middle ones of 10,000 resamples are."""
    drawn = np.random.default_rng(7).integers(0, count, (10_000, count))
    drawn.sort(axis=1)
    return drawn[:, (count - 1) // 2], drawn[:, count // 2]


def median_of(values: np.ndarray, unit: str, how: str) -> Figure:
    """What the suite would say of these repetitions: `how` is the arithmetic of one."""
    middle, ordered = float(np.median(values)), np.sort(values)
    lower, upper = _middle_ranks(len(values))
    low, high = np.percentile((ordered[lower] + ordered[upper]) / 2, [2.5, 97.5])
    text = f"{how}; median of {len(values)} repetitions = {middle:.4g} {unit}"
    return middle, min(float(low), middle), max(float(high), middle), unit, text


def ratio_of(
    above: np.ndarray, below: np.ndarray, scale: float, offset: float, unit: str, how: str
) -> Figure:
    """scale x (ratio of medians of pairs) + offset."""
    drawn = np.random.default_rng(8).integers(0, len(above), (10_000, len(above)))
    ratios = np.median(above[drawn], axis=1) / np.median(below[drawn], axis=1)
    ratio = float(np.median(above) / np.median(below))
    low, high = np.percentile(ratios, [2.5, 97.5])
    value, *ends = (scale * end + offset for end in (ratio, min(low, ratio), max(high, ratio)))
    text = f"{how} = {value:.4g} {unit}"
    return value, float(min(ends)), float(max(ends)), unit, text


@dataclass
class PointSpec:
    """What a test wants in a point; everything else has a default that the schema accepts."""

    test_name: str = "strong-scaling"
    test_date: str = "2026-01-31T12:00:00Z"
    method: str = "Barrier, clock, work, synchronise, clock."
    status: str = "measured"
    status_reason: str = ""
    marks: Sequence[str] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    # (phase, name) -> (rows, unit, warm_ups)
    samples: dict[tuple[str, str], tuple[np.ndarray, str, int]] = field(default_factory=dict)
    sample_marks: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    # name -> (value, low, high, unit), and its arithmetic where it is a bootstrap's
    results: dict[str, Figure] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    # (name, passed, level, sentence)
    verdicts: Sequence[tuple[str, bool, str, str]] = ()
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def point_id(self) -> str:
        text = "".join(f"{k}={v}\n" for k, v in sorted(self.parameters.items()))
        return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def set_attribute(item: Any, name: str, value: Any) -> None:
    if isinstance(value, str):
        raw = value.encode() or b"\0"
        item.attrs.create(name, np.bytes_(raw), dtype=f"S{len(raw)}")
    elif isinstance(value, bool):
        item.attrs[name] = np.bool_(value)
    elif isinstance(value, int):
        item.attrs[name] = np.int64(value)
    elif isinstance(value, float):
        item.attrs[name] = np.float64(value)
    elif value and isinstance(value[0], str):
        item.attrs[name] = np.array([entry.encode() or b"\0" for entry in value], dtype="S")
    else:
        item.attrs[name] = np.asarray(value, dtype=np.int64)


def set_all(group: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        set_attribute(group, name, value)


def fill(root: Any, spec: PointSpec) -> None:
    for name in ("test_name", "test_date", "method", "status", "status_reason", "point_id"):
        set_attribute(root, name, getattr(spec, name))
    if spec.marks:
        set_attribute(root, "marks", list(spec.marks))
    defaults = {
        "conditions": {"seed": 1, "workload_hash": "beef", "cache_state": "cold"},
        "hardware": {"device": "test device", "cores": 8},
        "provenance": {"commit": "c0ffee", "dirty": False, "build_type": "Release",
                       "command_line": "tpscale run", "hosts": "node", "versions": "1",
                       "binary_hash": "b1"},
    }  # fmt: skip
    set_all(root.create_group("parameters"), spec.parameters)
    for name, values in defaults.items():
        set_all(root.create_group(name), {**values, **getattr(spec, name)})
    samples = root.create_group("samples")
    for (phase, name), (rows, unit, warm_ups) in spec.samples.items():
        group = samples.require_group(phase)
        data = np.asarray(rows, dtype=np.float64)
        dataset = group.create_dataset(name, data=data, chunks=data.shape, fletcher32=True)
        columns = [f"rank {rank}" for rank in range(data.shape[1])]
        clock = "none" if phase in ("memory", "quality") else "steady_clock"
        set_all(dataset, {"unit": unit, "clock": clock, "warm_ups": warm_ups, "columns": columns})
        if (phase, name) in spec.sample_marks:
            set_attribute(dataset, "marks", spec.sample_marks[phase, name])
    results = root.create_group("results")
    for name, (value, low, high, unit, *told) in spec.results.items():
        triple = np.array([value, low, high])
        dataset = results.create_dataset(name, data=triple, chunks=(3,), fletcher32=True)
        how, method = (told[0], "bootstrap") if told else (f"{value} by division", "given")
        set_all(dataset, {"unit": unit, "samples": 10, "spread": 0.01, "method": method,
                          "how_obtained": how})  # fmt: skip
    set_all(root.create_group("absent"), spec.absent)
    verdicts = root.create_group("verdicts")
    for index, (name, passed, level, sentence) in enumerate(spec.verdicts):
        set_all(
            verdicts.create_group(f"{index:04d}"),
            {"name": name, "passed": passed, "level": level, "sentence": sentence},
        )
    arrays = root.create_group("arrays")
    for name, array in spec.arrays.items():
        data = np.asarray(array, dtype=np.int64)
        dataset = arrays.create_dataset(name, data=data, chunks=data.shape, fletcher32=True)
        set_attribute(dataset, "unit", "1")
    root.attrs["complete"] = np.int64(1)


def write_point(folder: Path, spec: PointSpec) -> Path:
    """points/<id>.h5 of a launch folder."""
    path = folder / "points" / f"{spec.point_id}.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", libver="latest") as file:
        set_attribute(file, "format", "tpscale-point")
        file.attrs["schema_version"] = np.int64(1)
        fill(file, spec)
    return path


def write_results(path: Path, specs: Sequence[PointSpec]) -> Path:
    """A results.h5."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", libver="latest") as file:
        set_attribute(file, "format", "tpscale-results")
        file.attrs["schema_version"] = np.int64(1)
        for name in ("binary_hash", "weights_hash", "hardware"):
            set_attribute(file, name, "x")
        points = file.create_group("points")
        for spec in specs:
            group = points.create_group(spec.point_id)
            set_attribute(group, "format", "tpscale-point")
            group.attrs["schema_version"] = np.int64(1)
            fill(group, spec)
        file.attrs["complete"] = np.int64(1)
    return path
