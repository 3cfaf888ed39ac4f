"""The command line of tpscale-compare."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tpscale_analysis.compare.figures import Compared, compare
from tpscale_analysis.compare.judging import Limits
from tpscale_analysis.compare.matching import Matched, Matching, match
from tpscale_analysis.compare.shown import to_json, to_text
from tpscale_analysis.errors import AnalysisError, UsageError
from tpscale_analysis.escape import console
from tpscale_analysis.inputs import find_sources
from tpscale_analysis.isolated import read_points
from tpscale_analysis.merge import MergedPoint, merge

DESCRIPTION = """\
Holds two sets of results against one another, figure by figure: SAME, FASTER, SLOWER or AMBIGUOUS by 95 % intervals on
the ratio of the raw repetitions, corrected for the number of figures (Holm). What the sets differ in stands first."""
EPILOG = """\
examples:
  tpscale-compare before after                      two launch folders (or folders of them, or results.h5 files)
  tpscale-compare before after --fail-on 5%         in CI: exit 3 where some figure is surely more than 5 % worse

AMBIGUOUS: the interval allows both, or too few repetitions speak (10 a side can tell, 3 cannot).
exit codes: 0 done, 2 usage, 3 a regression beyond --fail-on, 65 damaged or foreign file, 66 nothing there."""
REGRESSION = 3


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        limits = Limits(
            _share("--same-within", options.same_within),
            None if options.fail_on is None else _share("--fail-on", options.fail_on),
        )
        matching = match(_points(options.before), _points(options.after))
        if not matching.pairs:
            raise UsageError(
                "the two sets have no point in common: they must answer the same questions; "
                "tpscale-report shows what each has"
            )
        compared = compare(matching.pairs, limits)
    except AnalysisError as error:
        print(f"tpscale-compare: {console(error)}", file=sys.stderr)
        return error.exit_code
    failed = _regressions(matching, compared, limits)
    if options.json:
        print(json.dumps(to_json(matching, compared, failed), indent=1))
    else:
        print(to_text(matching, compared, failed, colour=sys.stdout.isatty()), end="")
    return REGRESSION if failed else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tpscale-compare",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("before", type=Path, metavar="A", help="the results to compare with")
    parser.add_argument("after", type=Path, metavar="B", help="the results to judge")
    parser.add_argument(
        "--same-within", default="2%", metavar="SHARE", help="what counts as equal (default 2%%)"
    )
    parser.add_argument(
        "--fail-on", metavar="SHARE", help="exit 3 where a figure is surely worse by more than this"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser.parse_args(arguments)


def _share(flag: str, text: str) -> float:
    """2%, or 0.02."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value < 10:
        raise UsageError(f"{flag} wants a share such as 5% or 0.05, not {text!r}")
    return value


def _points(path: Path) -> list[MergedPoint]:
    return merge(read_points(find_sources([path])))


def _regressions(matching: Matching, compared: Sequence[Compared], limits: Limits) -> list[str]:
    """What makes --fail-on fail: figures surely beyond it, and figures that a failed check has taken away."""
    if limits.fail_on is None:
        return []
    found = [
        f"{figure.name} of {figure.pair.before.test_name} at tp {figure.pair.before.parameters.get('tp')}: "
        f"{figure.judgement.ratio.value:.3f} times as much, at least {figure.judgement.ratio.low:.3f}"
        for figure in compared
        if figure.judgement.regression
    ]
    return found + [
        _lost(pair) for pair in matching.pairs if pair.after.failed and not pair.before.failed
    ]


def _lost(pair: Matched) -> str:
    first = pair.after.failed[0]
    return f"{pair.after.test_name} at tp {pair.after.parameters.get('tp')} has no figures: {first.name} failed"
