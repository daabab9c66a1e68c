"""Put load on the service and judge its answers and its memory by thresholds."""

import argparse
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from harness.dependencies.postgres import mask_url
from harness.errors import HalfgigError, ScenarioError
from harness.load.approval import Approved, approve, confirm, plan_in_words
from harness.load.documents import Material, load_material
from harness.load.guard import resolve
from harness.load.local_run import run_local
from harness.load.names import check_doable, known_names
from harness.load.order import LoadOrder, Workers
from harness.load.plan import LoadPlan, with_locustfile
from harness.load.remote_run import run_remote
from harness.load.staging_plan import secrets_of
from harness.load.thresholds import check_names
from harness.scenario import Scenario, load_scenario
from harness.verbs.run import STATUS, add_scenario_arguments, overrides_of
from reports.junit import JUNIT, render_junit
from reports.kinds import markdown_of, print_any, write_any_report
from reports.progress import ProgressDisplay
from reports.result import LoadResult, render_json
from reports.run_directory import run_directory
from reports.terminal import make_console

EXAMPLE = """example:
  halfgig load smoke
  halfgig load scenarios/spike.toml --json
  halfgig load smoke --workers 2
  halfgig load smoke --locustfile mine.py
  halfgig load staging.toml --host https://staging.example.org --yes
"""
SUMMARY = "summary.md"
PREFIX = "halfgig-"
PORT_MOST = 65535
_OF_OUR_OWN = ("limit", "budget", "cpus", "plan", "backend", "image", "set", "postgres")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig load` takes."""
    parser.add_argument("scenario", nargs="?", help="a name of scenarios/ or a path (default: smoke)")
    add_scenario_arguments(parser)
    parser.add_argument("--host", metavar="URL", help="a staging host that [guard] of the scenario allows")
    parser.add_argument("--yes", action="store_true", help="agree to the plan for --host without being asked")
    parser.add_argument("--locustfile", metavar="FILE", help="Locust users of your own instead of ours")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that make the load (default: 1)")
    parser.add_argument("--workers-elsewhere", action="store_true", help="wait for N workers that somebody else starts")
    parser.add_argument(
        "--listen", default="127.0.0.1:0", metavar="ADDRESS", help="where workers come to (default: 127.0.0.1:0)"
    )
    parser.add_argument("--json", action="store_true", help="print result.json, and everything else on standard error")


def execute(arguments: argparse.Namespace) -> int:
    """Run the load, write result and report, and tell the verdict."""
    _refuse_local(arguments)
    scenario = load_scenario(arguments.scenario or "smoke", overrides_of(arguments))
    plan, workers = _plan(arguments, scenario), _workers(arguments)
    material = load_material(scenario.corpus, scenario.documents)
    approved = _approved(arguments, scenario, plan, material) if arguments.host is not None else None
    command = shlex.join(["halfgig", *(mask_url(word) for word in sys.argv[1:])])
    with run_directory(Path(arguments.runs), "load", datetime.now(UTC)) as run_dir:
        with ProgressDisplay(make_console()) as display:
            order = LoadOrder(scenario, plan, run_dir, arguments.postgres, command, display.update, workers)
            result = run_local(order, material) if approved is None else run_remote(order, approved, material, resolve)
        return _tell(arguments, run_dir, result)


def _refuse_local(arguments: argparse.Namespace) -> None:
    """Refuse options that say how a service is started, where it is somebody's who started it already."""
    given = [name for name in _OF_OUR_OWN if getattr(arguments, name)]
    if arguments.host is not None and given:
        raise HalfgigError(f"--{given[0]} is for a service that halfgig starts: leave it out with --host")


def _plan(arguments: argparse.Namespace, scenario: Scenario) -> LoadPlan:
    """The scenario's plan with the options over it; refused where its thresholds cannot be judged."""
    if arguments.workers < 1:
        raise HalfgigError(f"--workers {arguments.workers}: at least 1")
    if scenario.load is None:
        raise ScenarioError(f"the scenario {scenario.name} has no [load] section, so there is no load to make")
    plan = scenario.load
    if arguments.locustfile is not None:
        plan = with_locustfile(plan, arguments.locustfile)
    check_doable(plan, scenario.target.http)
    # Arrivals that come to a worker without a user would all be turned away.
    users = plan.users_most if plan.rate_most_per_s is None else min(one.users for one in plan.stages)
    if users < arguments.workers:
        raise HalfgigError(f"--workers {arguments.workers}: more than the {users} users")
    stages = [one.name for one in plan.stages if one.counted]
    check_names(plan.thresholds, known_names(plan), stages, f"{scenario.name} [load]")
    return plan


def _workers(arguments: argparse.Namespace) -> Workers:
    listen: str = arguments.listen
    address, _, port = listen.rpartition(":")
    if not address or not port.isdecimal() or int(port) > PORT_MOST:
        raise HalfgigError(f"--listen {listen!r}: write it like 0.0.0.0:5557")
    if arguments.workers_elsewhere and not int(port):
        raise HalfgigError("--workers-elsewhere: nobody could find a port that is chosen here; write it in --listen")
    return Workers(arguments.workers, arguments.workers_elsewhere, listen)


def _approved(arguments: argparse.Namespace, scenario: Scenario, plan: LoadPlan, material: Material) -> Approved:
    """Every check of the guard, the plan on the screen, and somebody's agreement to it."""
    staging = scenario.staging
    secrets_of(staging.sign_in)
    approved = approve(arguments.host, plan, staging, scenario.target.http, material, resolve)
    words = plan_in_words(approved, plan, staging, PREFIX)
    ask = (lambda: input("go on? [y/N] ")) if sys.stdin.isatty() else None
    confirm(words, arguments.yes, lambda text: print(text, file=sys.stderr), ask)
    return approved


def _tell(arguments: argparse.Namespace, run_dir: Path, result: LoadResult) -> int:
    (run_dir / SUMMARY).write_text(markdown_of(result), encoding="utf-8")
    (run_dir / JUNIT).write_text(render_junit(result), encoding="utf-8")
    print_any(result, make_console(sys.stderr if arguments.json else sys.stdout), write_any_report(run_dir))
    if arguments.json:
        sys.stdout.write(render_json(result))
    return STATUS[result.header.verdict]
