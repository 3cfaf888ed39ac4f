"""The text the embedded model is trained on: the Python standard library of this interpreter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

SEPARATOR = b"\0"  # stands before each document, so that a prompt can be a document's start


class Corpus(NamedTuple):
    """Documents by kind: `library` is the code people write, `tests` are repetitive."""

    modules: list[bytes]
    tests: list[bytes]
    prose: list[bytes]
    held_out: list[bytes]


def standard_library(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (relative path, text) of the sources worth learning from, in sorted order.

    Left out: what is not the library (site-packages), what is no text to learn from (character
    tables, deliberately broken sources) and what is generated on this very machine (sysconfig).
    """
    skipped = re.compile(
        r"(^|/)(site-packages|dist-packages|__pycache__|lib2to3/tests/data|cjkencodings|"
        r"encodings/(cp|iso|mac|koi)[^/]*|bad[^/]*|_sysconfigdata[^/]*|test_unicode[^/]*)(/|\.py|$)"
    )
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if skipped.search(name):
            continue
        try:
            text = path.read_bytes().decode("utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        if text.strip() and "\0" not in text:
            yield name, text.replace("\r\n", "\n")


def prose_of(name: str, text: str) -> Iterator[str]:
    """Yield the long docstrings of a module, dedented: text at the left margin, as in Markdown.

    The help topics of pydoc are string values of a dictionary, so they count as docstrings too.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if name == "pydoc_data/topics.py" and isinstance(node, ast.Constant):
            if isinstance(node.value, str) and len(node.value) > 400:
                yield node.value
        elif isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            docstring = ast.get_docstring(node)
            if docstring and len(docstring) > 400:
                yield docstring + "\n"


def read_corpus(root: Path) -> Corpus:
    """Read the library; every 50th file is held out, with its docstrings."""
    corpus = Corpus([], [], [], [])
    for index, (name, text) in enumerate(standard_library(root)):
        topics = name == "pydoc_data/topics.py"
        if index % 50 == 25 and not topics:
            corpus.held_out.append(text.encode())
            continue
        if not topics:
            in_tests = name.startswith("test/") or "/test" in name
            (corpus.tests if in_tests else corpus.modules).append(text.encode())
        if not name.startswith("test/"):
            corpus.prose.extend(prose.encode() for prose in prose_of(name, text))
    if not corpus.modules:
        raise SystemExit(f"No Python sources found below {root}.")
    return corpus


def with_tabs(document: bytes) -> bytes:
    """Write each leading group of 4 blanks as a tab, which a model repeats without losing count."""
    return re.sub(
        rb"^(?:    )+", lambda blanks: b"\t" * (len(blanks[0]) // 4), document, flags=re.MULTILINE
    )


def training_stream(corpus: Corpus, rng: np.random.Generator) -> np.ndarray:
    """Join the documents in a fresh order, each after a separator: one pass, as uint8 [bytes].

    Three in four documents are indented with tabs, the others keep their blanks. The tests are
    the larger part of the library but teach less: a third of them is drawn for each pass, while
    the prose, of which there is little, comes twice.
    """
    drawn = rng.permutation(len(corpus.tests))[: len(corpus.tests) // 3]
    documents = corpus.modules + 2 * corpus.prose + [corpus.tests[i] for i in drawn]
    order = rng.permutation(len(documents))
    tabs = rng.random(len(documents)) < 0.75
    parts = (SEPARATOR + (with_tabs(documents[i]) if tabs[i] else documents[i]) for i in order)
    return np.frombuffer(b"".join(parts), dtype=np.uint8)
