"""The house's one-way streets: who may include whom, and where a vendor's header or macro may be seen.

src knows nobody above it, parallel knows src, bench knows both. Includes of src are written from
src, the others from the project's root, so the first folder of an include tells where it leads.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC_FOLDERS = {"core", "backend", "comm", "kv", "model", "engine", "text"}
# folder of src -> the folders of src it may include besides itself
SRC_ORDER = {
    "core": set(),
    "backend": {"core"},
    "comm": {"core"},
    "kv": {"core", "backend"},
    "model": {"core", "backend", "comm"},
    "engine": {"core", "backend", "comm", "kv", "model"},
    "text": {"core"},
}
LEAF_HEADERS = {
    r"mpi\.h": ("parallel/mpi/",),
    r"nccl\.h": ("parallel/nccl/",),
    r"hdf5\.h|H5\w+\.h": ("bench/store/",),
    r"cuda\w*\.h|cublas\w*\.h|nvml\.h|nvtx3/.*": (
        "src/backend/cuda/",
        "parallel/nccl/",
    ),
    r"dnnl\w*\.(h|hpp)|oneapi/.*": ("src/backend/cpu/",),
    r"pcre2\.h|utf8proc\.h": ("src/text/",),
    r"benchmark/benchmark\.h": ("bench/micro/",),
}
LEAF_FOLDERS = ("src/backend/cuda/", "parallel/mpi/", "parallel/nccl/", "bench/store/")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)
CONDITION = re.compile(r"^\s*#\s*(?:el)?if\w*\b.*(CUDA|MPI|NCCL|HDF5)", re.MULTILINE)


def sources() -> list[str]:
    """Every C++ or CUDA file git knows or would add, outside the tests."""
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "src",
            "parallel",
            "bench",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [name for name in listed if name.endswith((".h", ".cpp", ".cu", ".cuh", ".c"))]


def violations(name: str, text: str) -> list[str]:
    """What a file with this name and text does that the house forbids."""
    found = []
    place = name.split("/")
    for bracket, target in INCLUDE.findall(text):
        for header, allowed in LEAF_HEADERS.items():
            if re.fullmatch(header, target) and not name.startswith(allowed):
                found.append(
                    f"{name} includes {target}, which is seen only below {', '.join(allowed)}"
                )
        if bracket == "<":
            continue
        first = target.split("/")[0]
        if ".." in target:
            found.append(
                f"{name} includes {target}: includes are written from the top, not relatively"
            )
        if place[0] == "src":
            if first not in SRC_ORDER[place[1]] | {place[1]}:
                found.append(f"{name} includes {target}: src/{place[1]} may not know {first}")
        elif place[0] == "parallel" and first not in SRC_FOLDERS | {"parallel"}:
            found.append(f"{name} includes {target}: parallel knows only src and itself")
        elif place[0] == "bench" and first not in SRC_FOLDERS | {"parallel", "bench"}:
            found.append(f"{name} includes {target}: bench knows src, parallel and itself")
    if not name.startswith(LEAF_FOLDERS) and (condition := CONDITION.search(text)):
        found.append(
            f"{name} asks the preprocessor for {condition.group(1)} outside the leaf folders"
        )
    return found


def test_no_include_climbs() -> None:
    names = sources()
    assert len(names) > 20, "the check found next to no sources: it would pass on anything"
    found = [line for name in names for line in violations(name, (ROOT / name).read_text())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/core/a.h", '#include "backend/ops.h"'),
        ("src/model/a.cpp", '#include "parallel/world.h"'),
        ("src/model/a.cpp", '#include "engine/engine.h"'),
        ("parallel/a.cpp", '#include "bench/store/point.h"'),
        ("parallel/world.h", "#include <mpi.h>"),
        ("bench/main.cpp", "#include <hdf5.h>"),
        ("src/model/a.cpp", '#include "../core/dtype.h"'),
        ("bench/main.cpp", "#ifdef TPSCALE_WITH_CUDA\n#endif"),
    ],
)
def test_the_check_sees_what_it_is_there_for(name: str, text: str) -> None:
    assert violations(name, text)
