"""From the paths of the command line to the points in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tpscale_analysis.errors import InputMissingError
from tpscale_analysis.reader import shown

MAX_DEPTH = 3  # folders below a path in which launches are looked for
MAX_FILES = 100_000


@dataclass(frozen=True)
class Source:
    """A file to read, and the launch folder that it belongs to."""

    file: Path
    folder: Path

    @property
    def launch(self) -> str:
        name = self.folder.resolve().name or "launch"
        return name.encode("utf-8", "backslashreplace").decode()


def find_sources(paths: list[Path]) -> list[Source]:
    """Every file of points below the paths. InputMissingError where a path is missing or has none."""
    found: list[Source] = []
    for path in paths:
        if not path.exists():
            raise InputMissingError(f"there is no {shown(path)}")
        below = [_of_file(path)] if not path.is_dir() else _of_folder(path, MAX_DEPTH)
        if not below:
            raise InputMissingError(f"{shown(path)} holds no points and no results.h5")
        found += below
    if len(found) > MAX_FILES:
        raise InputMissingError(f"{len(found)} files are more than {MAX_FILES}; name fewer paths")
    return found


def _of_file(path: Path) -> Source:
    absolute = path.absolute()
    in_points = absolute.parent.name == "points"
    return Source(path, absolute.parent.parent if in_points else absolute.parent)


def _of_folder(folder: Path, depth: int) -> list[Source]:
    """The launch in this folder, else the launches below it. Points are preferred to what is derived."""
    try:
        points = sorted(folder.glob("points/*.h5")) or sorted(folder.glob("results.h5"))
        if folder.name == "points" and not points:
            points = sorted(folder.glob("*.h5"))
            folder = folder.absolute().parent
        if points:
            return [Source(file, folder.absolute()) for file in points]
        below = sorted(child for child in folder.iterdir() if child.is_dir()) if depth else []
    except OSError as error:
        raise InputMissingError(f"{shown(folder)} cannot be read: {error.strerror}") from None
    return [source for child in below for source in _of_folder(child, depth - 1)]
