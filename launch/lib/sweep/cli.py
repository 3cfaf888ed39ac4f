"""The command line of launch/sweep."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep.command import added_environment, quoted, ranks_environment, require_hosts
from sweep.failure import (
    CANNOT_WRITE,
    DONE,
    FAILED,
    INTERRUPTED,
    USAGE,
    VERDICT_FAILED,
    SweepError,
    shown,
)
from sweep.folder import Asked, StudyFolder
from sweep.here import LocalRuns
from sweep.launch import Launch, expand
from sweep.machine import Machine, find_machine, read_machine
from sweep.plan import plan_lines
from sweep.program import PlannedPoint, find_program, planned_points
from sweep.progress import DEAD, Standing, exit_code, standing
from sweep.queue import queued_tasks
from sweep.slurm import submit
from sweep.study import Study, read_study
from sweep.text import counted, seconds_text, table

DESCRIPTION = """\
Measures a study: experiments x models x degrees x options, a launch of 'tpscale run' each, in a folder of its own.

  plan     print the launches, their points, memory and time, and the exact commands; run nothing
  run      measure here, by mpirun, one launch after the other, then write the merged report
  submit   hand it to Slurm: an array of jobs, and a last one for the report; options after -- go to sbatch
  status   where each launch stands
  resume   go on the way it was begun; launches marked dead are tried again"""
EPILOG = """\
examples:
  launch/sweep plan launch/studies/smoke.toml
  launch/sweep run launch/studies/smoke.toml -o results/mine
  launch/sweep submit launch/studies/plan.toml --machine dgx-h100 -- --partition=gpu --account=mine

exit codes: 0 all measured, 3 all measured and a verdict failed, 1 a launch is dead (it failed after all its retries),
75 something is still to do; 2 usage, 65 not TOML, 66 a file is missing, 69 not available here, 74 cannot write."""


@dataclass(frozen=True)
class Request:
    """A command line with its files read."""

    study: Study
    machine: Machine
    launches: list[Launch]
    folder: StudyFolder
    asked: Asked

    def points(self) -> list[list[PlannedPoint]]:
        environment = ranks_environment(self.machine)
        return [planned_points(launch, environment) for launch in self.launches]

    def standings(self) -> list[Standing]:
        queued, busy = queued_tasks(self.folder), self.folder.busy()
        return [
            standing(self.folder, launch, self.study.retries, queued.get(index, ""), busy)
            for index, launch in enumerate(self.launches)
        ]


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = _parse(list(sys.argv[1:] if arguments is None else arguments))
        return COMMANDS[options.command](_read(options))
    except SweepError as error:
        print(f"sweep: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("sweep: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output left
        return DONE
    except OSError as error:
        print(f"sweep: cannot read or write: {error}", file=sys.stderr)
        return CANNOT_WRITE
    except subprocess.TimeoutExpired as error:
        print(f"sweep: no answer in {error.timeout:.0f} s of: {quoted(error.cmd)}", file=sys.stderr)
        return FAILED


def _parse(words: list[str]) -> argparse.Namespace:
    more: list[str] = []
    if "--" in words:
        more = words[words.index("--") + 1 :]
        words = words[: words.index("--")]
    parser = argparse.ArgumentParser(
        "launch/sweep",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("study", type=Path, help="the study file (TOML)")
    parser.add_argument(
        "--machine", help="another machine than the study names: of launch/machines, or a file"
    )
    parser.add_argument(
        "-o", dest="folder", type=Path, help="the study's folder (default: results/<its name>)"
    )
    options = parser.parse_args(words)
    options.more = more
    if more and options.command not in ("submit", "resume"):
        raise SweepError(USAGE, "what follows -- goes to sbatch: only submit and resume take it")
    for option in more:
        if not option.startswith("--"):
            raise SweepError(
                USAGE, f"an option of sbatch is written --name=value, not '{shown(option)}'"
            )
        name = option.split("=")[0]
        if name == "--wait" or (name.startswith("--ar") and "--array".startswith(name)):
            raise SweepError(
                USAGE,
                f"'{shown(option)}' is not for sbatch here: launch/sweep counts the tasks itself, and waits for none",
            )
    return options


def _read(options: argparse.Namespace) -> Request:
    study = read_study(options.study)
    folder = StudyFolder((options.folder or Path("results") / study.name).absolute())
    if "\\" in str(folder.path) or not str(folder.path).isprintable():
        raise SweepError(
            USAGE,
            f"Slurm cannot write below '{shown(folder.path)}': name a folder without backslashes",
        )
    name = options.machine or ""
    asked = Asked(str(Path(name).absolute()) if "/" in name else name, tuple(options.more))
    if options.command in ("status", "resume"):
        begun = folder.asked()
        asked = Asked(asked.machine or begun.machine, asked.more or begun.more)
    machine = read_machine(find_machine(asked.machine or study.machine, options.study))
    return Request(study, machine, expand(study, machine), folder, asked)


def say(line: str) -> None:
    print(f"sweep: {line}", flush=True)


def plan(request: Request) -> int:
    for line in plan_lines(
        request.study, request.machine, request.folder, request.launches, request.points()
    ):
        print(line)
    return DONE


def run(request: Request) -> int:
    require_hosts(request.launches, request.machine)
    _begin("run", request)
    return _run_here(request)


def _submit(request: Request) -> int:
    _begin("submit", request)
    return _hand_over(request, list(range(len(request.launches))))


def _begin(way: str, request: Request) -> None:
    points = [len(points) for points in request.points()]
    request.folder.begin(
        way, request.study, request.machine, request.launches, points, request.asked
    )


def resume(request: Request) -> int:
    folder = request.folder
    folder.require_same(request.launches)
    standings = request.standings()
    left = [i for i, one in enumerate(standings) if one.state == DEAD or one.open]
    if folder.way == "run":
        require_hosts([request.launches[index] for index in left], request.machine)
        with folder.alone():
            _mark_resumed(request, left)
        return _run_here(request)
    left = [i for i in left if standings[i].state not in ("queued", "running")]
    if not left:
        say("nothing to submit: every launch has ended or is in the queue")
        return status(request)
    _mark_resumed(request, left)
    return _hand_over(request, left)


def _mark_resumed(request: Request, indices: list[int]) -> None:
    """Each gets all its attempts again."""
    for index in indices:
        if request.folder.history(request.launches[index]).last is not None:
            request.folder.note(request.launches[index], "resumed", "by the user")


def status(request: Request) -> int:
    folder = request.folder
    folder.require_same(request.launches)
    standings = request.standings()
    rows = [("launch", "state", "points", "starts", "time", "")]
    for index, (launch, points, one) in enumerate(
        zip(request.launches, folder.planned(), standings, strict=True)
    ):
        history = folder.history(launch)
        why = one.why + (
            f"; {folder.log(index)}" if one.state in (DEAD, "verdict failed", "failed") else ""
        )
        rows.append(
            (
                launch.name,
                one.state,
                f"{folder.measured(launch)} of {points}",
                str(history.starts),
                seconds_text(history.seconds()),
                why,
            )
        )
    print("\n".join(table(rows)))
    return _conclude(request, standings)


def _run_here(request: Request) -> int:
    for name, value in added_environment(request.machine).items():
        say(f"set here, as it was not set: {name}={value}")
    with request.folder.alone() as lock:
        runs = LocalRuns(request.study, request.machine, request.folder, lock, say)
        runs.run(request.launches)
    _write_report(request)
    return status(request)


def _hand_over(request: Request, indices: list[int]) -> int:
    submit(
        request.study.name,
        request.machine,
        request.folder,
        request.launches,
        indices,
        list(request.asked.more),
        say,
    )
    say(
        "launch/sweep status tells how far it is; the report comes into "
        + str(request.folder.path / "report")
    )
    return DONE


def _write_report(request: Request) -> None:
    """A report that cannot be written takes nothing from what was measured."""
    if not any(request.folder.measured(launch) for launch in request.launches):
        return
    try:
        program = find_program("tpscale-report")
    except SweepError as error:
        say(f"no report: {error}")
        return
    folder = request.folder.path
    command = [str(program), str(folder), "-o", str(folder / "report")]
    say(quoted(command))
    code = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
    if code != 0:
        say(
            f"the report ended with exit code {code}; the points are there, the line above tries again"
        )


def _conclude(request: Request, standings: list[Standing]) -> int:
    code = exit_code(standings)
    report = request.folder.path / "report" / "report.html"
    sentence = {
        DONE: "every launch is done",
        VERDICT_FAILED: "every launch is done; a verdict failed (exit code 3)",
        FAILED: "a launch is dead after all its retries (exit code 1); launch/sweep resume tries it again",
        INTERRUPTED: "launches are still to do (exit code 75)",
    }[code]
    points = sum(request.folder.measured(launch) for launch in request.launches)
    print(f"{sentence}; {points} of {counted(sum(request.folder.planned()), 'point')}", end="")
    print(f"; report: {report}" if report.exists() else "")
    return code


COMMANDS = {"plan": plan, "run": run, "submit": _submit, "status": status, "resume": resume}
