"""List, show and prune the runs that are kept."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import HalfgigError
from harness.quantities import parse_seconds
from reports.errors import ResultError
from reports.kinds import print_any
from reports.result import read_result
from reports.run_directory import RESULT, RunDirectory, find_run, list_runs, prune_runs
from reports.terminal import make_console

EXAMPLE = """example:
  halfgig runs list
  halfgig runs show last
  halfgig runs prune --keep 20
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig runs` takes."""
    parser.add_argument("--runs", metavar="DIR", default="runs", help="where results are kept (default: runs)")
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    actions.add_parser("list", help="every run, newest first")
    show = actions.add_parser("show", help="one run's verdict and figures")
    show.add_argument("run", nargs="?", default="last", help="`last`, an id or its first characters, or a folder")
    prune = actions.add_parser("prune", help="remove runs")
    prune.add_argument("--keep", type=int, metavar="N", help="keep the newest N")
    prune.add_argument("--older-than", metavar="TIME", help="only those older than this: 90m, 48h")


def execute(arguments: argparse.Namespace) -> int:
    """Do the one action that was asked for."""
    root = Path(arguments.runs)
    if arguments.action == "list":
        for one in list_runs(root):
            print(_line(one))
    elif arguments.action == "show":
        path = find_run(root, arguments.run).path
        print_any(read_result(path / "result.json"), make_console(sys.stdout), path / "report.html")
    else:
        _prune(root, arguments)
    return 0


def _line(one: RunDirectory) -> str:
    if not one.finished:
        return f"{one.path.name}  {one.verb:<6} unfinished"
    try:
        header = read_result(one.path / RESULT).header
    except ResultError as error:
        return f"{one.path.name}  {one.verb:<6} unreadable: {error}"
    return f"{one.path.name}  {one.verb:<6} {header.verdict:<8} {header.scenario}  {header.backend}"


def _prune(root: Path, arguments: argparse.Namespace) -> None:
    if arguments.keep is None and arguments.older_than is None:
        raise HalfgigError("runs prune removes nothing without --keep N or --older-than TIME")
    if arguments.keep is not None and arguments.keep < 0:
        raise HalfgigError(f"--keep {arguments.keep}: it is not below zero")
    older_than_s = parse_seconds(arguments.older_than, "--older-than") if arguments.older_than else None
    gone = prune_runs(root, arguments.keep, older_than_s, datetime.now(UTC))
    print(f"{len(gone)} runs removed from {root}")
