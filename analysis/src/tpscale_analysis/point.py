"""One measured point, as bench/store/schema.md describes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Union

import numpy as np
from numpy.typing import NDArray

Value = Union[bool, int, float, str, tuple[int, ...]]
Values = Mapping[str, Value]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TAINTED = "tainted"  # begins the mark of a repetition that something else on the machine disturbed


@dataclass(frozen=True, eq=False)
class Samples:
    """Raw samples of one quantity: one row a repetition, one column a rank."""

    name: str
    phase: str
    unit: str
    clock: str
    warm_ups: int
    columns: tuple[str, ...]
    rows: FloatArray  # [repetitions, columns]
    marks: tuple[str, ...]  # one a row, or empty

    def counted(self, tainted: bool = False) -> FloatArray:
        """The rows that are no warm-ups; without tainted ones, or those alone."""
        keep = ~self.is_warm_up & (self.is_tainted == tainted)
        counted: FloatArray = self.rows[keep]
        return counted

    @property
    def is_warm_up(self) -> NDArray[np.bool_]:
        return np.arange(len(self.rows)) < self.warm_ups

    @property
    def is_tainted(self) -> NDArray[np.bool_]:
        marks = self.marks or ("",) * len(self.rows)
        return np.array([mark.startswith(TAINTED) for mark in marks], dtype=np.bool_)


@dataclass(frozen=True)
class Metric:
    """A figure that the suite derived, with its 95 % interval."""

    name: str
    unit: str
    value: float
    low: float
    high: float
    samples: int
    spread: float
    method: str
    how_obtained: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A check that was made, and what it found."""

    name: str
    passed: bool
    level: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Point:
    """Everything about one measured point."""

    launch: str  # name of the folder or file that it came from
    point_id: str
    test_name: str
    test_date: str
    method: str
    status: str
    status_reason: str
    marks: tuple[str, ...]
    parameters: Values
    conditions: Values
    hardware: Values
    provenance: Values
    samples: Mapping[str, Samples]  # key "timed/wall_seconds"
    results: Mapping[str, Metric]
    absent: Mapping[str, str]
    verdicts: tuple[Verdict, ...]
    arrays: Mapping[str, IntArray]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that was measured: equal for copies of one point, whatever file they lie in."""
        digest = hashlib.sha256()
        facts = [
            self.point_id, self.test_name, self.test_date, self.method, self.status,
            self.status_reason, self.marks, dict(self.parameters), dict(self.conditions),
            dict(self.hardware), dict(self.provenance), dict(self.absent),
            {name: vars(metric) for name, metric in self.results.items()},
            [vars(verdict) for verdict in self.verdicts],
        ]  # fmt: skip
        digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
        for key in sorted(self.samples):
            series = self.samples[key]
            head = [key, series.unit, series.clock, series.warm_ups, series.columns, series.marks]
            digest.update(json.dumps([head, series.rows.shape]).encode())
            digest.update(np.ascontiguousarray(series.rows, "<f8").tobytes())
        for name in sorted(self.arrays):
            digest.update(json.dumps([name, self.arrays[name].shape]).encode())
            digest.update(np.ascontiguousarray(self.arrays[name], "<i8").tobytes())
        return digest.hexdigest()
