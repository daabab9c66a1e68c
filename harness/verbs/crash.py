"""Crash the import at every message, resume it, and judge what is left."""

import argparse
import shlex
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harness.crash.baseline import Recorded
from harness.crash.campaign import CampaignProgress, CrashOrder, Ran, run_campaign
from harness.crash.judged_cycle import CycleResult
from harness.crash.outcome import crash_result
from harness.crash.schedules.registry import SCHEDULES
from harness.crash.schedules.schedule import Choice
from harness.crash.tally import Campaign, failures_of
from harness.dependencies.postgres import mask_url
from harness.errors import HalfgigError
from harness.scenario import Scenario, load_scenario
from harness.verbs.run import STATUS, add_scenario_arguments, overrides_of
from reports.kinds import markdown_of, print_any, write_any_report
from reports.quantities import format_duration
from reports.result import render_json, write_result
from reports.run_directory import RESULT, run_directory
from reports.terminal import make_console

EXAMPLE = """example:
  halfgig crash --schedule exhaustive --sample 20
  halfgig crash --schedule random --seed 7 --cycles 50
  halfgig crash --only postgres.commit#12@unacknowledged/sigkill
"""
_LINE_EVERY_S = 5.0
SUMMARY = "summary.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig crash` takes."""
    parser.add_argument("scenario", nargs="?", help="a name of scenarios/ or a path (default: crash)")
    names = [one.name for one in SCHEDULES]
    parser.add_argument(
        "--schedule", choices=names, default=names[0], help=f"how to go through the points ({names[0]})"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of random and of --sample (default: 1)")
    parser.add_argument("--cycles", type=int, metavar="N", help="cycles of random (default: 100)")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="only about N cycles of the schedule, as the seed draws"
    )
    parser.add_argument("--only", metavar="NAME", help="these crash points, or those with NAME in them")
    parser.add_argument("--parallel", type=int, default=3, metavar="N", help="cycles beside each other (default: 3)")
    parser.add_argument("--fail-fast", action="store_true", help="end with the first failure")
    add_scenario_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print result.json, and everything else on standard error")


def execute(arguments: argparse.Namespace) -> int:
    """Run the campaign, write result and report, and tell the verdict."""
    for name in ("cycles", "sample", "parallel"):
        given = getattr(arguments, name)
        if given is not None and given < 1:
            raise HalfgigError(f"--{name} {given}: at least 1")
    scenario = _scenario(arguments)
    with run_directory(Path(arguments.runs), "crash", datetime.now(UTC)) as run_dir:
        return _crash_in(run_dir, scenario, arguments)


def _crash_in(run_dir: Path, scenario: Scenario, arguments: argparse.Namespace) -> int:
    started_at, started_s = datetime.now(UTC), time.monotonic()
    ran = run_campaign(_order(arguments, scenario, run_dir))
    command = shlex.join(["halfgig", *(mask_url(word) for word in sys.argv[1:])])
    header_words = (command, started_at, time.monotonic() - started_s)
    result = crash_result(scenario, ran, _campaign(arguments, ran), *header_words)
    write_result(run_dir / RESULT, result)
    (run_dir / SUMMARY).write_text(markdown_of(result), encoding="utf-8")
    print_any(result, make_console(sys.stderr if arguments.json else sys.stdout), write_any_report(run_dir))
    if arguments.json:
        sys.stdout.write(render_json(result))
    return STATUS[result.header.verdict]


def _scenario(arguments: argparse.Namespace) -> Scenario:
    """The scenario; a knob that the command line sets is not taken in turn."""
    scenario = load_scenario(arguments.scenario or "crash", overrides_of(arguments))
    given = {setting.partition("=")[0].strip() for setting in arguments.set}
    left = {knob: values for knob, values in scenario.crash.in_turn.items() if knob not in given}
    return replace(scenario, crash=replace(scenario.crash, in_turn=left))


def _order(arguments: argparse.Namespace, scenario: Scenario, run_dir: Path) -> CrashOrder:
    shown = _Shown()

    def failed(result: CycleResult, campaign: Campaign) -> None:
        for failure in failures_of(campaign, result):
            shown.line(f"FAIL {failure.invariant} at {failure.point}: {failure.detail}  {failure.replay}")

    return CrashOrder(
        scenario=scenario,
        schedule=next(one for one in SCHEDULES if one.name == arguments.schedule),
        choice=Choice(arguments.seed, arguments.cycles, arguments.sample),
        only=arguments.only,
        parallel=arguments.parallel,
        fail_fast=arguments.fail_fast,
        run_dir=run_dir,
        postgres_url=arguments.postgres,
        show=shown.update,
        failed=lambda result, recorded: failed(result, _frame(arguments, recorded, 1.0)),
    )


def _campaign(arguments: argparse.Namespace, ran: Ran) -> Campaign:
    return _frame(arguments, ran.recorded, ran.elapsed_s)


def _frame(arguments: argparse.Namespace, recorded: tuple[Recorded, ...], elapsed_s: float) -> Campaign:
    return Campaign(
        arguments.schedule, arguments.seed, arguments.parallel, _replay_words(arguments), recorded, elapsed_s
    )


def _replay_words(arguments: argparse.Namespace) -> tuple[str, ...]:
    """What a replay needs of the command line: everything that decides what a cycle is."""
    words = ["halfgig", "crash", *([arguments.scenario] if arguments.scenario else [])]
    for option in ("limit", "budget", "cpus", "backend", "corpus", "documents"):
        value = getattr(arguments, option)
        words += [f"--{option}", str(value)] if value is not None else []
    for setting in arguments.set:
        words += ["--set", setting]
    return tuple(words)


class _Shown:
    """Progress on standard error: redrawn in place on a terminal, a line now and then anywhere else."""

    def __init__(self) -> None:
        self._last_s, self._phase = 0.0, ""

    def update(self, told: CampaignProgress) -> None:
        """Show how far it is."""
        now_s = time.monotonic()
        in_place = sys.stderr.isatty()
        if told.phase == self._phase and now_s - self._last_s < (0.2 if in_place else _LINE_EVERY_S):
            return
        self._last_s, self._phase = now_s, told.phase
        text = told.phase
        if told.known:
            left = f", about {format_duration(told.left_s)} left" if told.left_s is not None else ""
            rate = f"{60 * told.done / told.elapsed_s:.0f} a minute" if told.elapsed_s else ""
            text = f"{told.done} of {told.known} cycles, {told.failed} failed, {rate}{left}"
        print(f"\r\x1b[K{text}" if in_place else text, end="" if in_place else "\n", file=sys.stderr, flush=True)

    def line(self, text: str) -> None:
        """Print a line that stays."""
        print(f"\r\x1b[K{text}" if sys.stderr.isatty() else text, file=sys.stderr, flush=True)
