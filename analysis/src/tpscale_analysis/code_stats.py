"""Statistics of the project's own source code, counted by lizard (https://github.com/terryyin/lizard).

Complexity is McCabe's cyclomatic complexity as lizard counts it. A line is one with code: neither blank nor
comment alone. `python -m tpscale_analysis.code_stats [ROOT] [--json]` shows the same as the report.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from tpscale_analysis.errors import AnalysisError, InputMissingError, NotAvailableError
from tpscale_analysis.escape import console
from tpscale_analysis.table import Column, Table, to_console

# CUDA is C++ to lizard, which goes by the name.
_READ_AS = {
    ".cpp": ".cpp",
    ".h": ".cpp",
    ".cu": ".cpp",
    ".cuh": ".cpp",
    ".py": ".py",
}
# A definition at the start of a line: no forward declaration, no `enum class`, no template parameter.
_CLASS_OF_CPP = re.compile(
    r"^[ \t]*(?:template\s*<[^;{}]*>\s*)?(?:class|struct)\s+(?:alignas\([^)]*\)\s*)?\w[\w:<>, ]*[^;{}()=]*\{",
    re.MULTILINE,
)
_CLASS_OF_PYTHON = re.compile(r"^[ \t]*class\s+\w+\s*[:(]", re.MULTILINE)
_MARKER = Path("bench") / "experiment.h"  # what only a checkout has


@dataclass(frozen=True)
class FolderStats:
    """What lies below one top-level folder."""

    folder: str
    files: int
    lines: int
    functions: int
    classes: int
    mean_lines_per_function: float
    mean_complexity: float
    max_complexity: int
    most_complex: str  # the function that has it, with its file


@dataclass(frozen=True)
class CodeStats:
    """A row a folder, by name, and their sum."""

    tool: str
    folders: tuple[FolderStats, ...]
    total: FolderStats


@dataclass(frozen=True)
class _Function:
    name: str
    lines: int
    complexity: int


@dataclass(frozen=True)
class _File:
    lines: int
    classes: int
    functions: tuple[_Function, ...]


def project_root() -> Path:
    """The checkout that this package is part of."""
    return Path(__file__).resolve().parents[3]


def code_stats(root: Path) -> CodeStats:
    """Counts what git tracks below `root`, else what lies there. InputMissingError where there are no sources,
    NotAvailableError without lizard."""
    if not (root / _MARKER).is_file():
        raise InputMissingError(
            f"the sources are not in {console(root)} (an installed bundle has none); run it in a checkout"
        )
    try:
        import lizard  # noqa: PLC0415  (the report is made without it)
    except ImportError:
        raise NotAvailableError(
            "lizard is not installed; run: pip install -r analysis/requirements.txt"
        ) from None
    by_folder: dict[str, list[_File]] = defaultdict(list)
    for name in _sources(root):
        by_folder[name.parts[0]].append(_count(lizard.analyze_file, root, name))
    folders = tuple(_sum(folder, files) for folder, files in sorted(by_folder.items()))
    everything = [file for files in by_folder.values() for file in files]
    return CodeStats(f"lizard {version('lizard')}", folders, _sum("all", everything))


def code_record(stats: CodeStats) -> dict[str, Any]:
    """For results.json."""
    return asdict(stats)


def code_tables(stats: CodeStats) -> list[Table]:
    titles = ("folder", "files", "lines", "functions", "classes", "lines a function", "mean complexity",
              "max complexity", "most complex")  # fmt: skip
    left = ("folder", "most complex")
    columns = tuple(Column(title, numeric=title not in left) for title in titles)
    rows = tuple(_row(folder) for folder in (*stats.folders, stats.total))
    note = "lines: with code, without blank ones and comments; complexity: McCabe's, a function"
    return [Table("The source code by folder", columns, rows, note)]


def code_sentences(stats: CodeStats) -> list[str]:
    """What the numbers say."""
    total = stats.total
    return [
        f"{total.lines:,} lines of code in {total.files:,} files: {total.functions:,} functions of "
        f"{total.mean_lines_per_function:.1f} lines on average, {total.classes:,} classes.",
        f"Cyclomatic complexity {total.mean_complexity:.1f} on average; the highest, "
        f"{total.max_complexity}, is that of {total.most_complex}.",
    ]


def code_method(stats: CodeStats) -> str:
    return f"Counted by {stats.tool} over the tracked C++, CUDA and Python sources; classes by their definitions."


def _row(stats: FolderStats) -> tuple[str, ...]:
    return (
        stats.folder, f"{stats.files:,}", f"{stats.lines:,}", f"{stats.functions:,}",
        f"{stats.classes:,}", f"{stats.mean_lines_per_function:.1f}",
        f"{stats.mean_complexity:.2f}", str(stats.max_complexity), stats.most_complex,
    )  # fmt: skip


def _sources(root: Path) -> list[PurePosixPath]:
    found = _tracked(root)
    if found is None:
        own = ("analysis", "bench", "launch", "parallel", "src", "tests")
        files = (file for name in own for file in (root / name).rglob("*") if file.is_file())
        found = [PurePosixPath(file.relative_to(root).as_posix()) for file in files]
    kept = [name for name in found if name.suffix in _READ_AS and len(name.parts) > 1]
    return sorted(name for name in kept if (root / name).is_file())


def _tracked(root: Path) -> list[PurePosixPath] | None:
    command = ["git", "-C", str(root), "ls-files", "-z"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    names = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    return [PurePosixPath(name) for name in names if name] if done.returncode == 0 else None


def _count(analyze_file: Any, root: Path, name: PurePosixPath) -> _File:
    text = (root / name).read_text(encoding="utf-8", errors="replace")
    read_as = str(name.with_suffix(_READ_AS[name.suffix]))
    counted = analyze_file.analyze_source_code(read_as, text)
    functions = tuple(
        _Function(f"{function.name} in {name}", function.nloc, function.cyclomatic_complexity)
        for function in counted.function_list
    )
    pattern = _CLASS_OF_PYTHON if name.suffix == ".py" else _CLASS_OF_CPP
    return _File(counted.nloc, len(pattern.findall(text)), functions)


def _sum(folder: str, files: Iterable[_File]) -> FolderStats:
    files = list(files)
    functions = [function for file in files for function in file.functions]
    count = max(1, len(functions))
    most = max(functions, key=lambda f: (f.complexity, f.name), default=_Function("", 0, 0))
    return FolderStats(
        folder=folder,
        files=len(files),
        lines=sum(file.lines for file in files),
        functions=len(functions),
        classes=sum(file.classes for file in files),
        mean_lines_per_function=sum(function.lines for function in functions) / count,
        mean_complexity=sum(function.complexity for function in functions) / count,
        max_complexity=most.complexity,
        most_complex=most.name,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tpscale_analysis.code_stats",
        description="Counts lines, functions, classes and complexity of the project's own sources, by folder.",
    )
    parser.add_argument(
        "root", nargs="?", type=Path, default=project_root(), metavar="ROOT", help="the checkout"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args(arguments)
    try:
        stats = code_stats(options.root)
    except AnalysisError as error:
        print(f"code-stats: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps(code_record(stats), indent=2))
    else:
        for table in code_tables(stats):
            print(to_console(table), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
