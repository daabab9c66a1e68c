"""Compare memory with another revision or a recorded baseline, and say what grew."""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from harness.dependencies.postgres import mask_url
from harness.errors import GateError, HalfgigError
from harness.gate.accepting import Meant, accept_growth, who_asks
from harness.gate.baseline import write_baseline
from harness.gate.campaign import GateOrder, run_gate
from harness.gate.pairs import Ground
from harness.gate.recording import record
from harness.gate.revision import Revision, base_in_ci, find_revision, head_of, repository_of
from harness.gate.sequential import FEWEST_PAIRS, MOST_PAIRS
from harness.quantities import parse_bytes, parse_seconds
from harness.scenario import Scenario, load_scenario
from harness.verbs.run import STATUS, add_scenario_arguments, overrides_of
from reports.junit import JUNIT, render_junit
from reports.kinds import markdown_of, print_any, write_any_report
from reports.result import GateResult, render_json, write_result
from reports.run_directory import RESULT, run_directory
from reports.terminal import make_console

EXAMPLE = """example:
  halfgig gate --against main
  halfgig gate gate my-scenario.toml --against HEAD~1 --for 5m --json
  halfgig gate --noise 12                       # records a baseline, and with it the noise floor
  halfgig gate --against main --accept --reason "larger batches" --until 2027-03-31
"""
SUMMARY = "summary.md"
_ACCEPTED_DAYS = 90


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig gate` takes."""
    parser.add_argument("scenario", nargs="*", help="names of scenarios/ or paths (default: gate)")
    parser.add_argument("--against", metavar="REV", help="a git revision (in CI by default the merge base)")
    parser.add_argument("--baseline", metavar="FILE", help="recorded runs, or the result.json of one run")
    parser.add_argument("--for", dest="for_time", default="10m", metavar="TIME", help="how long at most (default: 10m)")
    parser.add_argument(
        "--pairs", type=int, default=MOST_PAIRS, metavar="N", help=f"runs of each side at most (default: {MOST_PAIRS})"
    )
    parser.add_argument("--see", default="1MB", metavar="SIZE", help="tell how many runs such a growth takes (1MB)")
    parser.add_argument("--noise", type=int, metavar="N", help="record N runs as the baseline, and compare nothing")
    parser.add_argument("--accept", action="store_true", help="record what grew as meant; needs --reason")
    parser.add_argument("--reason", metavar="TEXT", help="why the growth is meant")
    parser.add_argument("--until", metavar="DAY", help=f"until when it is (default: in {_ACCEPTED_DAYS} days)")
    parser.add_argument(
        "--baselines", metavar="DIR", default="reports/baselines", help="recorded runs, accepted growth"
    )
    add_scenario_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print result.json, and everything else on standard error")


def execute(arguments: argparse.Namespace) -> int:
    """Gate, write result and reports, and tell the verdict; or record a baseline."""
    until = _checked(arguments)
    scenarios = _scenarios(arguments)
    command = shlex.join(["halfgig", *(mask_url(word) for word in sys.argv[1:])])
    with run_directory(Path(arguments.runs), "gate", datetime.now(UTC)) as run_dir:
        if arguments.noise:
            return _record(arguments, scenarios, run_dir, command)
        return _gate_in(run_dir, scenarios, until, command, arguments)


def _gate_in(
    run_dir: Path, scenarios: tuple[Scenario, ...], until: date, command: str, arguments: argparse.Namespace
) -> int:
    order = GateOrder(
        scenarios=scenarios,
        revision=_revision(arguments, scenarios),
        baseline=Path(arguments.baseline) if arguments.baseline else None,
        baselines=Path(arguments.baselines),
        for_s=parse_seconds(arguments.for_time, "--for"),
        most_pairs=arguments.pairs,
        wished_bytes=parse_bytes(arguments.see, "--see"),
        run_dir=run_dir,
        postgres_url=arguments.postgres,
        command=command,
        tell=_tell,
    )
    result = run_gate(order)
    if arguments.accept:
        meant = Meant(arguments.reason.strip(), who_asks(scenarios[0].target.path.parent), until)
        result = accept_growth(result, meant, order.baselines)
    _write(run_dir, result)
    print_any(result, make_console(sys.stderr if arguments.json else sys.stdout), write_any_report(run_dir))
    if arguments.json:
        sys.stdout.write(render_json(result))
    return STATUS[result.header.verdict]


def _checked(arguments: argparse.Namespace) -> date:
    """Refuse what cannot be meant, before anything is measured; the day until which a growth is accepted."""
    if arguments.accept and not (arguments.reason or "").strip():
        raise GateError('--accept needs --reason "…": nothing is accepted without one')
    if arguments.against and arguments.baseline:
        raise GateError("--against and --baseline are two things to compare with: give one of them")
    if arguments.baseline and len(arguments.scenario) > 1:
        raise GateError("--baseline is of one scenario: gate the others by themselves")
    if arguments.pairs <= FEWEST_PAIRS:
        raise GateError(f"--pairs {arguments.pairs}: at least {FEWEST_PAIRS + 1}, one of which confirms")
    if arguments.noise is not None and arguments.noise < 2:
        raise GateError(f"--noise {arguments.noise}: at least 2 runs; 8 are needed to tell a noise floor")
    if not arguments.until:
        return datetime.now().astimezone().date() + timedelta(days=_ACCEPTED_DAYS)
    try:
        return date.fromisoformat(arguments.until)
    except ValueError:
        raise GateError(f"--until {arguments.until}: write a day like 2027-03-31") from None


def _scenarios(arguments: argparse.Namespace) -> tuple[Scenario, ...]:
    names = arguments.scenario or ["gate"]
    scenarios = tuple(load_scenario(name, overrides_of(arguments)) for name in names)
    twice = {one.name for one in scenarios if [other.name for other in scenarios].count(one.name) > 1}
    if twice:
        raise GateError(f"two scenarios are called {', '.join(sorted(twice))}; their results could not be told apart")
    return scenarios


def _revision(arguments: argparse.Namespace, scenarios: Sequence[Scenario]) -> Revision | None:
    if arguments.baseline:
        return None
    if not arguments.against and not os.environ.get("CI"):
        return None
    repositories = {repository_of(one) for one in scenarios}
    if len(repositories) > 1:
        raise GateError(f"the scenarios' targets are in {len(repositories)} repositories; gate each by itself")
    repository = repositories.pop()
    return find_revision(repository, arguments.against) if arguments.against else base_in_ci(repository, os.environ)


def _record(arguments: argparse.Namespace, scenarios: Sequence[Scenario], run_dir: Path, command: str) -> int:
    ground = Ground(run_dir, "", command, time.monotonic(), _tell)
    for scenario in scenarios:
        try:
            commit = head_of(repository_of(scenario))
        except HalfgigError:
            commit = ""
        path = Path(arguments.baselines) / f"{scenario.name}.json"
        write_baseline(path, record(scenario, arguments.noise, commit, arguments.postgres, ground))
        print(f"{path}: {arguments.noise} runs of {commit or 'no commit'}; commit this file", file=sys.stderr)
    return 0


def _write(run_dir: Path, result: GateResult) -> None:
    write_result(run_dir / RESULT, result)
    summary = markdown_of(result)
    (run_dir / SUMMARY).write_text(summary, encoding="utf-8")
    (run_dir / JUNIT).write_text(render_junit(result), encoding="utf-8")
    step = os.environ.get("GITHUB_STEP_SUMMARY")
    if step:
        with Path(step).open("a", encoding="utf-8") as page:
            page.write(summary + "\n")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
