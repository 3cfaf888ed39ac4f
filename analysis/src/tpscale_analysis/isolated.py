"""Reads files in a process of their own: a file that makes the HDF5 library crash ends that one only."""

from __future__ import annotations

import faulthandler
import multiprocessing
import resource
from collections.abc import Sequence
from multiprocessing.connection import Connection

from tpscale_analysis.errors import AnalysisError, BadDataError
from tpscale_analysis.inputs import Source
from tpscale_analysis.micro import google_benchmark
from tpscale_analysis.point import Point
from tpscale_analysis.reader import read_file, shown

MAX_SECONDS = 120.0  # for one file


def read_points(sources: Sequence[Source]) -> list[Point]:
    """All points of all files, in order. The error of the first file that has one."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    reader = context.Process(target=_read_all, args=(sources, sender), daemon=True)
    reader.start()
    sender.close()
    points: list[Point] = []
    try:
        for source in sources:
            points += _next(receiver, source)
    finally:
        receiver.close()
        reader.kill()
        reader.join()
    return points


def _next(receiver: Connection, source: Source) -> list[Point]:
    if not receiver.poll(MAX_SECONDS):
        raise BadDataError(f"{shown(source.file)} could not be read in {MAX_SECONDS:g} s")
    try:
        answer = receiver.recv()
    except EOFError:
        raise BadDataError(f"{shown(source.file)} is damaged: reading it crashed HDF5") from None
    if isinstance(answer, AnalysisError):
        raise answer
    return list(answer)


def _read_all(sources: Sequence[Source], sender: Connection) -> None:
    faulthandler.disable()  # a crash is told in one sentence, without a stack
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for source in sources:
        try:
            is_json = source.file.suffix == google_benchmark.SUFFIX
            read = google_benchmark.read_google_benchmark if is_json else read_file
            sender.send(read(source.file, source.launch))
        except AnalysisError as error:
            sender.send(error)
            return
        except Exception as error:  # whatever a damaged file brings h5py to raise
            what = f"{shown(source.file)} cannot be understood: {type(error).__name__}"
            sender.send(BadDataError(what))
            return
