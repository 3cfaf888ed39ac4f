"""Checked access to an untrusted HDF5 file: every type, shape and size is looked at before it is read."""

from __future__ import annotations

from collections.abc import Iterator

import h5py
import numpy as np

from tpscale_analysis.errors import BadDataError
from tpscale_analysis.point import FloatArray, IntArray, Value

MAX_ELEMENTS = 50_000_000  # of one dataset
MAX_MEMBERS = 100_000  # of one group, of attributes of one object
MAX_STRING = 65_536  # bytes of one string
MAX_STRINGS = 1_000_000  # bytes of one list of strings


def fail(place: str, what: str) -> BadDataError:
    """The error of everything here; the caller adds the file's name."""
    return BadDataError(f"{place or 'the root'} {what}")


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("utf-8", "replace")


def attribute_names(item: h5py.HLObject) -> list[str]:
    if len(item.attrs) > MAX_MEMBERS:
        raise fail(item.name, f"has more than {MAX_MEMBERS} attributes")
    return list(item.attrs)


def attribute(item: h5py.HLObject, name: str) -> Value | tuple[str, ...]:
    """A scalar, a list of integers or a list of strings."""
    where = f"attribute '{name}' of {item.name}"
    if name not in item.attrs:
        raise fail(where, "is missing")
    handle = item.attrs.get_id(name)
    kind = handle.dtype.kind
    elements = int(np.prod(handle.shape)) if handle.shape else 1
    if handle.dtype.itemsize * elements > MAX_STRINGS or len(handle.shape or ()) > 1:
        raise fail(where, "is larger than the format allows")
    if kind == "S" and handle.dtype.itemsize > MAX_STRING:
        raise fail(where, "holds a string longer than the format allows")
    if kind not in "Sifb" or handle.dtype.itemsize > MAX_STRING:
        raise fail(where, f"has a type that the format does not know ({handle.dtype})")
    value = item.attrs[name]
    if isinstance(value, h5py.Empty):
        return ()
    if isinstance(value, np.ndarray):
        if kind == "S":
            return tuple(_text(bytes(entry)) for entry in value)
        if kind == "i":
            return tuple(int(entry) for entry in value)
        raise fail(where, "is a list of a type that the format does not know")
    if kind == "S":
        return _text(bytes(value))
    if kind == "b":
        return bool(value)
    return int(value) if kind == "i" else float(value)


def text(item: h5py.HLObject, name: str) -> str:
    value = attribute(item, name)
    if not isinstance(value, str):
        raise fail(f"attribute '{name}' of {item.name}", "is not a string")
    return value


def texts(item: h5py.HLObject, name: str) -> tuple[str, ...]:
    """A list of strings; empty where the attribute is absent."""
    if name not in item.attrs:
        return ()
    value = attribute(item, name)
    if not isinstance(value, tuple) or not all(isinstance(entry, str) for entry in value):
        raise fail(f"attribute '{name}' of {item.name}", "is not a list of strings")
    return tuple(str(entry) for entry in value)


def integer(item: h5py.HLObject, name: str) -> int:
    value = attribute(item, name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise fail(f"attribute '{name}' of {item.name}", "is not an integer")
    return value


def number(item: h5py.HLObject, name: str) -> float:
    value = attribute(item, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise fail(f"attribute '{name}' of {item.name}", "is not a number")
    return float(value)


def boolean(item: h5py.HLObject, name: str) -> bool:
    value = attribute(item, name)
    if not isinstance(value, bool):
        raise fail(f"attribute '{name}' of {item.name}", "is not a boolean")
    return value


def values(item: h5py.HLObject) -> dict[str, Value]:
    """All attributes of a group, by name."""
    found: dict[str, Value] = {}
    for name in sorted(attribute_names(item)):
        value = attribute(item, name)
        if isinstance(value, tuple) and any(isinstance(entry, str) for entry in value):
            raise fail(f"attribute '{name}' of {item.name}", "is a list of strings")
        found[name] = value  # type: ignore[assignment]
    return found


def group(parent: h5py.Group, name: str) -> h5py.Group:
    """A group that lies in this very file."""
    found = _member(parent, name)
    if not isinstance(found, h5py.Group):
        raise fail(f"{parent.name.rstrip('/')}/{name}", "is not a group")
    return found


def groups(parent: h5py.Group) -> Iterator[tuple[str, h5py.Group]]:
    for name in _member_names(parent):
        yield name, group(parent, name)


def datasets(parent: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    for name in _member_names(parent):
        found = _member(parent, name)
        if not isinstance(found, h5py.Dataset):
            raise fail(f"{parent.name}/{name}", "is not a dataset")
        yield name, found


def floats(dataset: h5py.Dataset, dimensions: int) -> FloatArray:
    read = np.asarray(_read(dataset, "f", dimensions), dtype=np.float64)
    if not np.isfinite(read).all():
        raise fail(dataset.name, "holds a value that is not finite")
    return read


def integers(dataset: h5py.Dataset, dimensions: int) -> IntArray:
    return np.asarray(_read(dataset, "i", dimensions), dtype=np.int64)


def _member_names(parent: h5py.Group) -> list[str]:
    if len(parent) > MAX_MEMBERS:
        raise fail(parent.name, f"has more than {MAX_MEMBERS} members")
    return sorted(parent)


def _member(parent: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    where = f"{parent.name.rstrip('/')}/{name}"
    link = parent.get(name, getlink=True)
    if link is None:
        raise fail(where, "is missing")
    if not isinstance(link, h5py.HardLink):  # a soft or external link can lead out of the file
        raise fail(where, "is a link, which the format does not allow")
    return parent[name]


def _read(dataset: h5py.Dataset, kind: str, dimensions: int) -> np.ndarray:
    if dataset.shape is None or len(dataset.shape) != dimensions:
        raise fail(dataset.name, f"has not {dimensions} dimensions")
    if dataset.dtype.kind != kind or dataset.dtype.itemsize > 8:
        raise fail(dataset.name, f"has the type {dataset.dtype}")
    if dataset.external or dataset.is_virtual:
        raise fail(dataset.name, "keeps its data in another file, which the format does not allow")
    if dataset.size > MAX_ELEMENTS:
        raise fail(dataset.name, f"has {dataset.size} elements, more than {MAX_ELEMENTS}")
    return np.asarray(dataset[()])
