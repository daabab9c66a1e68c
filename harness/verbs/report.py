"""Draw a run's report again from its raw files."""

import argparse
import sys
from pathlib import Path

from reports.kinds import print_any, write_any_report
from reports.result import read_result, render_json
from reports.run_directory import find_run
from reports.terminal import make_console

EXAMPLE = """example:
  halfgig report last
  halfgig report runs/run/20261122-154200-3f2a
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig report` takes."""
    parser.add_argument("run", help="`last`, the id of a run or its first characters, or its folder")
    parser.add_argument("--runs", metavar="DIR", default="runs", help="where results are kept (default: runs)")
    parser.add_argument("--json", action="store_true", help="print result.json as well")


def execute(arguments: argparse.Namespace) -> int:
    """Read, draw, and say where the report is."""
    run_dir = find_run(Path(arguments.runs), arguments.run).path
    result = read_result(run_dir / "result.json")
    print_any(result, make_console(sys.stderr if arguments.json else sys.stdout), write_any_report(run_dir))
    if arguments.json:
        sys.stdout.write(render_json(result))
    return 0
