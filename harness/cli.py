"""The verbs of the command line; each is one module of harness/verbs with `add_arguments` and `execute`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType, ModuleType
from typing import NoReturn

from harness.errors import HalfgigError
from harness.verbs import claim, corpus, crash, diff, doctor, gate, load, report, run, runs, serve, sweep
from reports.errors import ReportsError

VERBS: tuple[ModuleType, ...] = (run, diff, crash, sweep, claim, gate, load, serve, doctor, corpus, report, runs)
REFUSED = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; the exit status is 0 PASS, 1 FAIL, 2 refused, 3 INVALID, 130 interrupted."""
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status: int = arguments.execute(arguments)
    except (HalfgigError, ReportsError) as error:
        print(f"halfgig: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("halfgig: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output is gone, and there is nobody to tell
        return REFUSED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="halfgig",
        description="Does your import survive in half a gigabyte? Does it stay so? Does a crash lose anything?",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for module in VERBS:
        name = module.__name__.rpartition(".")[2]
        summary = (module.__doc__ or "").strip().splitlines()[0]
        one = verbs.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=module.EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(one)
        one.set_defaults(execute=module.execute)
    return parser


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
