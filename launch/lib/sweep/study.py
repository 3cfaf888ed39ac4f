"""A study file: what is to be measured, on which machine, how often a launch that died is tried again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sweep.failure import USAGE, SweepError, shown
from sweep.table import Table, read_toml

OPTION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# launch/sweep gives these itself
OWN = {"experiments", "model", "tp", "output", "resume", "dry-run", "json", "help", "version"}


@dataclass(frozen=True)
class Part:
    """Every experiment with every model at every degree, for every combination of the axes' values.

    Options and axes hold the arguments that tpscale gets: "--block-size=16", "--prefix-cache", "--no-pin".
    """

    experiments: tuple[str, ...]
    models: tuple[str, ...]
    degrees: tuple[int, ...]
    together: bool  # all degrees by one launch of the largest
    options: dict[str, str]
    axes: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Study:
    name: str
    machine: str
    retries: int
    minutes: int  # a launch that is started here, before it is told to leave
    parts: tuple[Part, ...]


def read_study(path: Path) -> Study:
    table = read_toml(path, "study file")
    name = table.name("name", path.stem)
    machine = table.text("machine")
    retries = table.whole("retries", 0, 100, 2)
    minutes = table.whole("minutes", 1, 100_000, 60)
    parts = table.tables("part")
    common = _read(table, Part((), (), (), False, {}, {}), path)
    own = [_read(part, common, path) for part in parts]
    for part in own or [common]:
        _require_whole(part, path)
    return Study(name, machine, retries, minutes, tuple(own or [common]))


def _read(table: Table, common: Part, path: Path) -> Part:
    """A part of the file; what its table leaves out is as in `common`."""
    models = tuple(_model(model, path.resolve().parent) for model in table.texts("models"))
    part = Part(
        table.texts("experiments") or common.experiments,
        models or common.models,
        tuple(sorted(table.degrees("degrees"))) or common.degrees,
        table.flag("together", common.together),
        {**common.options, **_options(table.table("options"))},
        {**common.axes, **_axes(table.table("axes"))},
    )
    table.done()
    for key in part.axes:
        if key in part.options:
            raise table.wrong(f"'{key}' is an option and an axis")
    return part


def _require_whole(part: Part, path: Path) -> None:
    for key, value in (
        ("experiments", part.experiments),
        ("models", part.models),
        ("degrees", part.degrees),
    ):
        if not value:
            raise SweepError(USAGE, f"the study file '{shown(path)}': '{key}' is missing or empty")


def _model(model: str, folder: Path) -> str:
    """A name with a slash is a folder, seen from the study file: it stays the same from wherever one resumes."""
    return str((folder / model).resolve()) if "/" in model else model


def _options(table: Table) -> dict[str, str]:
    return {key: _argument(table, key, table.raw(key)) for key in table}


def _axes(table: Table) -> dict[str, tuple[str, ...]]:
    found = {}
    for key in table:
        values = table.raw(key)
        if not isinstance(values, list) or not values:
            raise table.wrong(f"'{shown(key)}' must be a list of the values that the axis takes")
        found[key] = tuple(_argument(table, key, value) for value in values)
        if len(set(found[key])) != len(values):
            raise table.wrong(f"'{shown(key)}' names a value twice")
    return found


def _argument(table: Table, key: str, value: object) -> str:
    if not OPTION.fullmatch(key):
        raise table.wrong(f"'{shown(key)}' is no name of an option")
    if key.removeprefix("no-") in OWN:
        raise table.wrong(f"'{key}' is not for a study to set: launch/sweep gives it itself")
    if isinstance(value, bool):
        return f"--{key}" if value else f"--no-{key}"
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, str | int | float) for v in values):
        raise table.wrong(
            f"'{key}' takes a text, a number, true, false or a list, not {shown(value)}"
        )
    text = ",".join(str(v) for v in values)
    if "\0" in text or len(text) > 4096:
        raise table.wrong(f"'{key}' holds a text that no command line can carry")
    return f"--{key}={text}"
