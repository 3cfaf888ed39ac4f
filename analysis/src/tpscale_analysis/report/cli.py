"""The command line of tpscale-report."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from tpscale_analysis.all_reduce_model import (
    PUBLISHED,
    AllReduceModel,
    parse_bandwidth,
    parse_latencies,
)
from tpscale_analysis.errors import AnalysisError, BadDataError, UsageError
from tpscale_analysis.escape import console
from tpscale_analysis.experiments.plan import MEASURED
from tpscale_analysis.export import Json, summary, to_json
from tpscale_analysis.figures.render import to_png
from tpscale_analysis.inputs import Source, find_sources
from tpscale_analysis.isolated import read_points
from tpscale_analysis.printout import printout
from tpscale_analysis.publish import prepare_folder, publish
from tpscale_analysis.reader import shown
from tpscale_analysis.report.code_section import CODE_STATS, code_section
from tpscale_analysis.report.compose import compose
from tpscale_analysis.report.content import Report, Section
from tpscale_analysis.report.page import to_html, to_markdown_text
from tpscale_analysis.results import derive

DESCRIPTION = """\
Reads what 'tpscale run' stored and writes, beside it or into DIR: results.json, figures/*.png, report.md and
report.html. The tables go to standard output."""
EPILOG = """\
examples:
  tpscale-report results/strong-scaling_embedded_20260131-120000    one launch: the report goes into its folder
  tpscale-report tp1 tp2 tp4 tp8 -o merged                          separate launches put together

The same point of several launches counts as more samples of it; points of different threads, models or workloads are
never put into one curve. exit codes: 0 done, 2 usage, 65 damaged or foreign file, 66 nothing there, 74 cannot write."""

T = TypeVar("T")
WRITTEN = ("report.html", "report.md", "results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        sources = find_sources(options.paths)
        folder = options.output or _folder_of(sources)
        _keep_inputs(sources, folder)
        prepare_folder(folder)
        points = read_points(sources)
        code, told = _source_code() if options.code_stats else ([], {})
        model = AllReduceModel(options.all_reduce_latency, options.bus_bandwidth)
        with np.errstate(all="raise", under="ignore"):
            results = derive(points, model, told)
            record = summary(results)
        _say(printout(results))
        _write(folder, compose(results, code), record, options.figures)
    except ArithmeticError as error:
        print(f"tpscale-report: the files hold figures beyond all bounds: {error}", file=sys.stderr)
        return BadDataError.exit_code
    except AnalysisError as error:
        print(f"tpscale-report: {console(error)}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output left; what it wanted it has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("tpscale-report: interrupted; run it again", file=sys.stderr)
        return 75
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tpscale-report",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH",
        help="a launch folder, a folder of launch folders, a results.h5, a point file, or a .json of Google Benchmark",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="where to write")
    parser.add_argument(
        "--no-figures", dest="figures", action="store_false",
        help="leave out the PNG files (the report keeps its charts)",
    )  # fmt: skip
    parser.add_argument(
        "--code-stats", action="store_true",
        help="add statistics of the source code, where this is a checkout and lizard is installed",
    )  # fmt: skip
    parser.add_argument(
        "--all-reduce-latency", type=_of(parse_latencies), default=PUBLISHED.latencies, metavar="T,T,...",
        help="of a small all-reduce on 2, 4, 8, ... ranks, for what is projected from shards measured alone "
        "(default 8us,10us,15us: published figures of NCCL)",
    )  # fmt: skip
    parser.add_argument(
        "--bus-bandwidth", type=_of(parse_bandwidth), default=PUBLISHED.bus_bandwidth, metavar="B",
        help="of a large all-reduce, likewise (default 370GB/s: published, a ring over 8 x H100)",
    )  # fmt: skip
    return parser.parse_args(arguments)


def _of(parse: Callable[[str], T]) -> Callable[[str], T]:
    def checked(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(console(error)) from None

    return checked


def _folder_of(sources: list[Source]) -> Path:
    folders = sorted({source.folder.resolve() for source in sources})
    if len(folders) > 1:
        raise UsageError(
            f"the paths hold {len(folders)} launches; say with -o DIR where their report goes"
        )
    return folders[0]


def _keep_inputs(sources: list[Source], folder: Path) -> None:
    """What is read is never overwritten."""
    written = {(folder / name).resolve() for name in WRITTEN}
    for source in sources:
        if source.file.resolve() in written:
            raise UsageError(
                f"{shown(source.file)} would be overwritten; say with -o DIR where the report goes"
            )


def _say(text: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def _source_code() -> tuple[list[Section], dict[str, str]]:
    """Its section, and its state in the plan."""
    from tpscale_analysis import code_stats as code  # noqa: PLC0415

    try:
        stats = code.code_stats(code.project_root())
    except AnalysisError as error:
        return [], {CODE_STATS: f"not available: {error}"}
    section = code_section(
        code.code_tables(stats), code.code_method(stats), code.code_sentences(stats)
    )
    return [section], {CODE_STATS: MEASURED}


def _write(folder: Path, report: Report, record: Json, figures: bool) -> None:
    publish(folder / "results.json", to_json(record).encode())
    if figures:
        _write_figures(folder / "figures", report)
    publish(folder / "report.md", to_markdown_text(report).encode("utf-8", "replace"))
    publish(folder / "report.html", to_html(report, record).encode("utf-8", "replace"))
    _say("".join(f"{console(shown(folder / name))}\n" for name in WRITTEN))


def _write_figures(folder: Path, report: Report) -> None:
    prepare_folder(folder)
    for part in report.parts:
        if part.figure:
            publish(folder / part.file_name, to_png(part.figure))
