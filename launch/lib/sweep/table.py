"""A TOML table read strictly: wrong types, odd texts and keys that nobody asked for are refused."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sweep.failure import BAD_DATA, MISSING, USAGE, SweepError, shown

MAX_BYTES = 1 << 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
T = TypeVar("T")


def read_toml(path: Path, noun: str) -> Table:
    """The whole file. Missing: 66; not TOML, not UTF-8 or above 1 MiB: 65."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SweepError(
            MISSING, f"the {noun} '{shown(path)}' cannot be read: {error.strerror}"
        ) from None
    if len(content) > MAX_BYTES:
        raise SweepError(BAD_DATA, f"the {noun} '{shown(path)}' is larger than 1 MiB")
    try:
        return Table(tomllib.loads(content.decode()), f"the {noun} '{shown(path)}'")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise SweepError(
            BAD_DATA, f"the {noun} '{shown(path)}' is not TOML: {shown(error)}"
        ) from None


class Table:
    """One table; `where` begins each sentence. Every wrong value is a usage error (2)."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._left = dict(values)
        self._where = where

    def wrong(self, what: str) -> SweepError:
        return SweepError(USAGE, f"{self._where}: {what}")

    def __iter__(self) -> Iterator[str]:
        """The keys that are left."""
        return iter(list(self._left))

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def _take(self, key: str, kind: type, noun: str, default: Any) -> Any:
        if key not in self._left:
            if default is None:
                raise self.wrong(f"'{shown(key)}' is missing")
            return default
        value = self._left.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(f"'{shown(key)}' must be {noun}, not {shown(value)}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value: str = self._take(key, str, "a text", default)
        return self._clean(key, value)

    def name(self, key: str, default: str | None = None) -> str:
        """A text that may become part of a file's or a job's name."""
        value = self.text(key, default)
        if value and not NAME.fullmatch(value):
            raise self.wrong(
                f"'{shown(key)}' takes letters, digits, '.', '_' and '-', not '{shown(value)}'"
            )
        return value

    def flag(self, key: str, default: bool) -> bool:
        value: bool = self._take(key, bool, "true or false", default)
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value: int = self._take(key, int, "a whole number", default)
        if not low <= value <= high:
            raise self.wrong(f"'{shown(key)}' must be from {low} to {high}, not {value}")
        return value

    def number(self, key: str) -> float:
        """0.0 where the key is absent."""
        if key not in self._left:
            return 0.0
        value = self._left.pop(key)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value < 1e15:
            raise self.wrong(f"'{shown(key)}' must be a number above 0, not {shown(value)}")
        return float(value)

    def _list(self, key: str, check: Callable[[object], T | None], noun: str) -> tuple[T, ...]:
        values = self._take(key, list, f"a list of {noun}", [])
        checked = [check(value) for value in values]
        if any(value is None for value in checked):
            raise self.wrong(f"'{shown(key)}' must be a list of {noun}, not {shown(values)}")
        if len(set(checked)) != len(checked):
            raise self.wrong(f"'{shown(key)}' names something twice: {shown(values)}")
        return tuple(value for value in checked if value is not None)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._list(key, lambda v: v if isinstance(v, str) and v else None, "texts")
        return tuple(self._clean(key, value) for value in values)

    def degrees(self, key: str) -> tuple[int, ...]:
        def degree(value: object) -> int | None:
            whole = isinstance(value, int) and not isinstance(value, bool)
            return value if whole and 1 <= value <= 65536 else None  # type: ignore[operator,return-value]

        return self._list(key, degree, "whole numbers from 1 to 65536")

    def raw(self, key: str) -> Any:
        return self._left.pop(key)

    def table(self, key: str) -> Table:
        return Table(self._take(key, dict, "a table", {}), f"{self._where}, [{shown(key)}]")

    def tables(self, key: str) -> list[Table]:
        values = self._take(key, list, "a list of tables", [])
        if not all(isinstance(value, dict) for value in values):
            raise self.wrong(f"'{shown(key)}' must be a list of tables")
        return [
            Table(value, f"{self._where}, [[{shown(key)}]] {i + 1}")
            for i, value in enumerate(values)
        ]

    def _clean(self, key: str, value: str) -> str:
        if "\0" in value or len(value) > 4096:
            raise self.wrong(f"'{shown(key)}' holds a text that no command line can carry")
        return value

    def done(self) -> None:
        """Refuses what is left."""
        for key in self._left:
            raise self.wrong(f"'{shown(key)}' is no key that launch/sweep knows")
