"""Run one import inside a real memory limit and judge it."""

import argparse
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from harness.dependencies.postgres import mask_url
from harness.errors import HalfgigError
from harness.memory.beside import trace_beside
from harness.run import Order, run
from harness.scenario import Overrides, Scenario, load_scenario
from reports.html import write_report
from reports.progress import ProgressDisplay
from reports.result import Verdict, render_json
from reports.run_directory import run_directory
from reports.terminal import make_console, print_result

EXAMPLE = """example:
  halfgig run --limit 512MB
  halfgig run --corpus synthetic:2000 --set window=64 --limit 160MB --json
"""
STATUS = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INVALID: 3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig run` takes."""
    parser.add_argument("scenario", nargs="?", help="a name of scenarios/ or a path (default: default)")
    add_scenario_arguments(parser)
    parser.add_argument("--repeat", type=int, metavar="N", help="import the same corpus N times, one after another")
    parser.add_argument("--strict", action="store_true", default=None, help="a document that fails fails the run")
    parser.add_argument(
        "--trace", nargs="?", const="cheap", choices=("cheap", "exact"),
        help="run it once more under memray, and tell where the memory is; exact: each Python object, for diffs",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print result.json, and everything else on standard error")


def add_scenario_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that lie over a scenario, the same for every verb that runs one."""
    parser.add_argument("--limit", metavar="SIZE", help="memory limit: 512MB, 1.5GB (MB is 2^20 bytes)")
    parser.add_argument("--budget", metavar="SHARE|SIZE", help="how much of it a run may use: 65%% or 330MB")
    parser.add_argument("--cpus", type=float, metavar="N", help="CPU share, as a small plan has it: 0.5, 1.0")
    parser.add_argument("--plan", metavar="PLAN", help="memory and CPU of an instance plan, like render:starter")
    parser.add_argument("--plans", metavar="FILE", help="a table of plans of your own, instead of the one of halfgig")
    parser.add_argument(
        "--backend", metavar="NAME", help="auto, cgroup, systemd, docker, watchdog (see halfgig doctor)"
    )
    parser.add_argument("--image", metavar="IMAGE", help="docker: an image by name, or a Dockerfile, for the target")
    parser.add_argument("--corpus", metavar="CORPUS", help="python-docs, synthetic:N, or a file or folder of your own")
    parser.add_argument("--documents", type=int, metavar="N", help="only the first N documents")
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", help="set a knob; may be repeated")
    parser.add_argument("--postgres", metavar="URL", help="a Postgres with pgvector instead of the embedded one")
    parser.add_argument("--runs", metavar="DIR", default="runs", help="where results are kept (default: runs)")


def overrides_of(arguments: argparse.Namespace) -> Overrides:
    """The options of `add_scenario_arguments` as one object."""
    return Overrides(
        limit=arguments.limit,
        budget=arguments.budget,
        cpus=arguments.cpus,
        backend=arguments.backend,
        corpus=arguments.corpus,
        documents=arguments.documents,
        repeat=getattr(arguments, "repeat", None),
        strict=getattr(arguments, "strict", None),
        knobs=tuple(arguments.set),
        image=getattr(arguments, "image", None),
        plan=arguments.plan,
        plans=arguments.plans,
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run, write the raw files, the result and the report, and tell the verdict."""
    if arguments.repeat is not None and arguments.repeat < 1:
        raise HalfgigError(f"--repeat {arguments.repeat}: at least 1")
    scenario = load_scenario(arguments.scenario, overrides_of(arguments))
    with run_directory(Path(arguments.runs), "run", datetime.now(UTC)) as run_dir:
        return _run_in(run_dir, scenario, arguments)


def _run_in(run_dir: Path, scenario: Scenario, arguments: argparse.Namespace) -> int:
    command = shlex.join(["halfgig", *(mask_url(word) for word in sys.argv[1:])])
    with ProgressDisplay(make_console()) as display:
        order = Order(scenario, run_dir, arguments.postgres, command, display.update)
        result = run(order)
        if arguments.trace:
            result = trace_beside(order, result, arguments.trace)
    console = make_console(sys.stderr if arguments.json else sys.stdout)
    print_result(result, console, write_report(run_dir))
    if arguments.json:
        sys.stdout.write(render_json(result))
    return STATUS[result.header.verdict]
