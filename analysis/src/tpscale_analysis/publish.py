"""Derived files are written under a temporary name and renamed: a reader sees the old or the new."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from tpscale_analysis.errors import OutputError
from tpscale_analysis.reader import shown


def prepare_folder(folder: Path) -> None:
    """Creates the folder and tries it for writing. OutputError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"cannot write into {shown(folder)}: {error.strerror}") from None


def publish(path: Path, content: bytes) -> None:
    """Writes the whole file or leaves what was there."""
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise OutputError(f"cannot write {shown(path)}: {error.strerror}") from None
