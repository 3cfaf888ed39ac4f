"""Reads point files and results.h5 into points. Files are untrusted."""

from __future__ import annotations

from pathlib import Path

import h5py

from tpscale_analysis import hdf5_access as access
from tpscale_analysis.errors import BadDataError, InputMissingError
from tpscale_analysis.point import IntArray, Metric, Point, Samples, Verdict

SCHEMA_VERSION = 1
MAX_FILE_BYTES = 2 * 1024**3
MAX_DEGREE = 1_000_000
STATUSES = ("measured", "out_of_memory", "not_available")
# What h5py and NumPy raise on damaged files; a MemoryError is a size that the file claims.
_DAMAGE = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError,
           OverflowError, MemoryError, NotImplementedError)  # fmt: skip


def read_file(path: Path, launch: str) -> list[Point]:
    """All points of a point file or a results.h5. BadDataError and InputMissingError name the file."""
    if not path.is_file():
        raise InputMissingError(f"there is no file {shown(path)}")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadDataError(f"is larger than {MAX_FILE_BYTES} bytes")
        with h5py.File(path, "r", locking=False) as file:
            return _read_root(file, launch)
    except BadDataError as error:
        raise BadDataError(f"{shown(path)}: {error}") from None
    except PermissionError:
        raise InputMissingError(f"{shown(path)} may not be read by this user") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200]
        raise BadDataError(f"{shown(path)} is damaged or not HDF5: {reason}") from None


def shown(path: Path) -> str:
    """A path for a sentence: control characters and bytes that are no text made visible."""
    readable = str(path).encode("utf-8", "backslashreplace").decode()
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in readable) + "'"


def _read_root(file: h5py.File, launch: str) -> list[Point]:
    if "format" not in file.attrs:
        raise BadDataError("is an HDF5 file of another program (it has no attribute 'format')")
    kind = access.text(file, "format")
    if kind not in ("tpscale-point", "tpscale-results"):
        raise BadDataError(f"is an HDF5 file of another format ({kind[:60]!r})")
    version = access.integer(file, "schema_version")
    if not 1 <= version <= SCHEMA_VERSION:
        raise BadDataError(f"has schema version {version}; this program reads {SCHEMA_VERSION}")
    if access.integer(file, "complete") != 1:
        raise BadDataError("is not complete")
    if kind == "tpscale-point":
        return [_read_point(file, launch)]
    return [_read_point(root, launch) for _, root in access.groups(access.group(file, "points"))]


def _read_point(root: h5py.Group, launch: str) -> Point:
    status = access.text(root, "status")
    if status not in STATUSES:
        raise BadDataError(f"has the unknown status {status[:60]!r}")
    if access.integer(root, "complete") != 1:
        raise BadDataError(f"holds a point that is not complete ({root.name})")
    absent = access.values(access.group(root, "absent"))
    parameters = access.values(access.group(root, "parameters"))
    degree = parameters.get("tp", 1)
    if not isinstance(degree, int) or not 1 <= degree <= MAX_DEGREE:
        raise BadDataError(f"holds a point whose tp is {degree!r:.60}")
    arrays: dict[str, IntArray] = {}
    for name, dataset in access.datasets(access.group(root, "arrays")):
        arrays[name] = access.integers(dataset, 2)
    return Point(
        launch=launch,
        point_id=access.text(root, "point_id"),
        test_name=access.text(root, "test_name"),
        test_date=access.text(root, "test_date"),
        method=access.text(root, "method"),
        status=status,
        status_reason=access.text(root, "status_reason"),
        marks=access.texts(root, "marks"),
        parameters=parameters,
        conditions=access.values(access.group(root, "conditions")),
        hardware=access.values(access.group(root, "hardware")),
        provenance=access.values(access.group(root, "provenance")),
        samples=_read_samples(access.group(root, "samples")),
        results=_read_results(access.group(root, "results")),
        absent={name: str(reason) for name, reason in absent.items()},
        verdicts=tuple(_read_verdict(g) for _, g in access.groups(access.group(root, "verdicts"))),
        arrays=arrays,
    )


def _read_samples(parent: h5py.Group) -> dict[str, Samples]:
    found: dict[str, Samples] = {}
    for phase, members in access.groups(parent):
        for name, dataset in access.datasets(members):
            rows = access.floats(dataset, 2)
            series = Samples(
                name=name,
                phase=phase,
                unit=access.text(dataset, "unit"),
                clock=access.text(dataset, "clock"),
                warm_ups=access.integer(dataset, "warm_ups"),
                columns=access.texts(dataset, "columns"),
                rows=rows,
                marks=access.texts(dataset, "marks"),
            )
            if not 0 <= series.warm_ups < len(rows) or len(series.columns) != rows.shape[1]:
                raise access.fail(dataset.name, "has not the rows or columns that it declares")
            if series.marks and len(series.marks) != len(rows):
                raise access.fail(dataset.name, "has marks of another number than rows")
            found[f"{phase}/{name}"] = series
    return found


def _read_results(parent: h5py.Group) -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for name, dataset in access.datasets(parent):
        triple = access.floats(dataset, 1)
        if len(triple) != 3 or not triple[1] <= triple[0] <= triple[2]:
            raise access.fail(dataset.name, "is not a value inside its interval")
        found[name] = Metric(
            name=name,
            unit=access.text(dataset, "unit"),
            value=float(triple[0]),
            low=float(triple[1]),
            high=float(triple[2]),
            samples=access.integer(dataset, "samples"),
            spread=access.number(dataset, "spread"),
            method=access.text(dataset, "method"),
            how_obtained=access.text(dataset, "how_obtained"),
            marks=access.texts(dataset, "marks"),
        )
    return found


def _read_verdict(item: h5py.Group) -> Verdict:
    return Verdict(
        name=access.text(item, "name"),
        passed=access.boolean(item, "passed"),
        level=access.text(item, "level"),
        sentence=access.text(item, "sentence"),
    )
