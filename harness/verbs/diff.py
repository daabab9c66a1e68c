"""Tell what grew and shrank between two runs, by allocation site; of two loads, what each figure became."""

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from harness.memory.diff import DiffError, compare
from harness.memory.repeat import Found, Repeating, differing, trace_in, trace_of_run
from harness.scenario import Scenario, load_scenario
from harness.verbs import run
from reports.load_diff import diff_loads, render_load_diff
from reports.load_diff_terminal import print_load_diff
from reports.progress import Progress, ProgressDisplay
from reports.result import AnyResult, LoadResult, Result, read_result
from reports.run_directory import RESULT, find_run
from reports.terminal import make_console
from reports.trace_diff_html import render_diff_html
from reports.trace_diff_markdown import render_diff_markdown
from reports.trace_diff_terminal import print_diff

EXAMPLE = """example:
  halfgig diff 3f2a9c last
  halfgig diff before/trace.json after/trace.json --markdown > diff.md
  halfgig diff runs/load/20261129T090000Z-1c2d3e last

A run that has no exact trace yet (halfgig run --trace exact) is repeated with one.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig diff` takes."""
    for name, which in (("before", "the one to compare with"), ("after", "the one that may have grown")):
        parser.add_argument(name, help=f"{which}: `last`, a run's id or folder, a trace.json, or a memray capture")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--html", metavar="FILE", help="where the page goes (default: into the folder of the second)")
    parser.add_argument("--postgres", metavar="URL", help="a Postgres with pgvector, where a run is repeated")
    parser.add_argument("--runs", metavar="DIR", default="runs", help="where results are kept (default: runs)")


def execute(arguments: argparse.Namespace) -> int:
    """Compare two loads; or find or make two exact traces, compare them, and draw what changed."""
    results = [_result(name, arguments) for name in (arguments.before, arguments.after)]
    loads = [one for one in results if isinstance(one, LoadResult)]
    if loads:
        return _tell_loads(arguments, loads)
    with ProgressDisplay(make_console()) as display:
        before, after = (_find(name, arguments, display) for name in (arguments.before, arguments.after))
    found = compare(before.trace, after.trace, (before.name, after.name))
    diff = replace(found, notes=(*before.notes, *after.notes, *_unlike(before, after)))
    page = Path(arguments.html) if arguments.html else _page(arguments, before)
    page.write_text(render_diff_html(diff), encoding="utf-8")
    if arguments.markdown:
        sys.stdout.write(render_diff_markdown(diff))
    else:
        print_diff(diff, make_console(sys.stdout), page)
    return 0


def _result(name: str, arguments: argparse.Namespace) -> AnyResult | None:
    """The result of a run, or in a file of that name; None where the name leads to something else."""
    path = Path(name)
    if not path.is_file():
        path = find_run(Path(arguments.runs), name).path / RESULT
    return read_result(path) if path.is_file() and path.name == RESULT else None


def _tell_loads(arguments: argparse.Namespace, loads: list[LoadResult]) -> int:
    if len(loads) == 1:
        raise DiffError("only one of the two is a load, and a load can be compared with another load alone")
    if arguments.html:
        raise DiffError("--html: two loads are compared here and in Markdown, and have no page")
    diff = diff_loads(*loads)
    if arguments.markdown:
        sys.stdout.write(render_load_diff(diff))
    else:
        print_load_diff(diff, make_console(sys.stdout))
    return 0


def _find(name: str, arguments: argparse.Namespace, display: ProgressDisplay) -> Found:
    """The trace of a file, or of a run."""
    if Path(name).is_file():
        return Found(name, trace_in(Path(name)))
    run_dir = find_run(Path(arguments.runs), name).path

    def show(told: Progress) -> None:
        display.update(replace(told, phase=f"{run_dir.name} once more, traced: {told.phase}"))

    return trace_of_run(run_dir, Repeating(scenario_again, arguments.postgres, show))


def _unlike(before: Found, after: Found) -> tuple[str, ...]:
    """What else differs between the two than the code."""
    if before.binding is None or after.binding is None:
        return ()
    names = differing(before.binding, after.binding)
    return (f"The two runs differ in {', '.join(names)} too.",) if names else ()


def _page(arguments: argparse.Namespace, before: Found) -> Path:
    """Into the folder of the second run, or beside the second file."""
    second = Path(arguments.after)
    folder = second.parent if second.is_file() else find_run(Path(arguments.runs), arguments.after).path
    return folder / f"diff-{Path(before.name).name}.html"


def scenario_again(result: Result) -> Scenario:
    """The scenario that a result is of, from the command that made it."""
    words = shlex.split(result.header.command or "")
    if words[:2] != ["halfgig", "run"]:
        said = f"`{result.header.command}`" if words else "no command"
        raise DiffError(f"it was made by {said}, which `halfgig diff` cannot repeat; trace it with --trace exact")
    parser = _Parser(add_help=False)
    run.add_arguments(parser)
    arguments = parser.parse_args(words[2:])
    return load_scenario(arguments.scenario, run.overrides_of(arguments))


class _Parser(argparse.ArgumentParser):
    """Raises what argparse would end the process for: the command line is not this one."""

    def error(self, message: str) -> NoReturn:
        raise DiffError(f"the command of the run cannot be repeated by this halfgig: {message}")
