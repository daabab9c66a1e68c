"""Vary the knobs: what each one costs, the fastest setting within the budget, how small the limit may be."""

import argparse
import shlex
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.dependencies.postgres import mask_url
from harness.errors import HalfgigError, ScenarioError
from harness.quantities import parse_seconds
from harness.scenario import Scenario, load_scenario
from harness.sweep.spec import MODES, Mode, SweepPlan
from harness.verbs.run import STATUS, add_scenario_arguments, overrides_of
from reports.kinds import print_any
from reports.result import render_json
from reports.terminal import make_console

if TYPE_CHECKING:
    from harness.sweep.asking import StudyOptions
    from harness.sweep.command import Answered

EXAMPLE = """Every trial is one import in a fresh container and database, against a provider that takes 300 ms a request
and 1 ms an input. Trials run under a generous limit, and end as soon as peak and rate no longer change; the answer is
then verified by whole runs under the real limit. Ctrl-C keeps what is done; the same command goes on from there.
`halfgig sweep` alone names the knobs. `halfgig claim` asks of one change whether it saves what it is said to save.

Axes beside the knobs: documents, upload_size, chunks_per_document, concepts_per_document, concurrent_imports,
provider_latency_ms, provider_input_latency_ms, llm_latency_ms, rate_limit, database_latency_ms, cpus.

example:
  halfgig sweep --knob cohere_batch_size=20,48,96 --knob window=200,800 --limit 512MB --for 10m
  halfgig sweep --knob embed_concurrency=1,2,4,8 --knob openai_batch_size=20,46,96 --mode search
  halfgig sweep --knob window=64,256 --axis documents=100,400 --axis cpus=0.5,1
  halfgig sweep --knob window=256 --smallest-limit
  halfgig sweep scenarios/perf-009.toml --json
  halfgig claim cohere_batch_size 96 20 --saves 100MB
"""
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig sweep` takes."""
    parser.add_argument("scenario", nargs="?", help="a name of scenarios/ or a path (default: sweep)")
    parser.add_argument("--knob", action="append", default=[], metavar="KNOB=A,B,…", help="vary a knob of the target")
    parser.add_argument(
        "--axis", action="append", default=[], metavar="AXIS=A,B,…", help="vary something else, see below"
    )
    parser.add_argument("--for", dest="for_", metavar="TIME", help="end after this time, like 10m, with what is known")
    parser.add_argument("--mode", choices=MODES, help="every cell (grid), or where it promises most (search)")
    parser.add_argument("--repeats", type=int, metavar="N", help="of each cell (default: as many as the noise needs)")
    parser.add_argument("--verify", type=int, metavar="N", help="runs that the answer has to stand (default: 3)")
    parser.add_argument("--smallest-limit", action="store_true", help="also find the smallest limit it survives")
    parser.add_argument("--whole", action="store_true", help="run every trial to its end")
    parser.add_argument(
        "--parallel", type=int, metavar="N", help="trials beside each other: peaks stay true, rates do not (default: 1)"
    )
    add_scenario_arguments(parser)
    add_study_arguments(parser)


def add_study_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a study, the same for `claim` and `sweep`."""
    parser.add_argument("--storage", metavar="URL", help="postgresql://… for many machines (default: SQLite in --runs)")
    parser.add_argument("--fresh", action="store_true", help="begin anew instead of going on where it stopped")
    parser.add_argument("--json", action="store_true", help="print result.json, and everything else on standard error")


def execute(arguments: argparse.Namespace) -> int:
    """Sweep, write result and report, and tell the answer."""
    from harness.sweep.asking import ask  # Optuna and NumPy: half a second that other verbs do without

    return tell(arguments, ask(_scenario(arguments), study_options(arguments)))


def study_options(arguments: argparse.Namespace) -> "StudyOptions":
    """The options of `add_study_arguments` as one object."""
    from harness.sweep.asking import StudyOptions

    return StudyOptions(
        runs_dir=Path(arguments.runs),
        postgres_url=arguments.postgres,
        storage=arguments.storage,
        fresh=arguments.fresh,
        command=shlex.join(["halfgig", *(mask_url(word) for word in sys.argv[1:])]),
        plans=Path(arguments.plans) if arguments.plans else None,
    )


def tell(arguments: argparse.Namespace, answered: "Answered") -> int:
    """Print the answer; the exit status."""
    console = make_console(sys.stderr if arguments.json else sys.stdout)
    print_any(answered.result, console, answered.report)
    if arguments.json:
        sys.stdout.write(render_json(answered.result))
    return INTERRUPTED if answered.interrupted else STATUS[answered.result.header.verdict]


def _scenario(arguments: argparse.Namespace) -> Scenario:
    for name in ("repeats", "verify", "parallel"):
        given = getattr(arguments, name)
        if given is not None and given < 1:
            raise HalfgigError(f"--{name} {given}: at least 1")
    scenario = load_scenario(arguments.scenario or "sweep", overrides_of(arguments))
    plan = _plan(arguments, scenario.sweep)
    refuse_set(arguments.set, plan.axes)
    return replace(scenario, sweep=plan)


def _plan(arguments: argparse.Namespace, plan: SweepPlan) -> SweepPlan:
    mode: Mode = "search" if (arguments.mode or plan.mode) == "search" else "grid"
    return replace(
        plan,
        mode=mode,
        axes={**plan.axes, **_axes(arguments.knob, "--knob"), **_axes(arguments.axis, "--axis")},
        for_s=parse_seconds(arguments.for_, "--for") if arguments.for_ else plan.for_s,
        repeats=arguments.repeats or plan.repeats,
        verify=arguments.verify or plan.verify,
        parallel=arguments.parallel or plan.parallel,
        smallest_limit=arguments.smallest_limit or plan.smallest_limit,
        early_stopping=plan.early_stopping and not arguments.whole,
    )


def _axes(given: Sequence[str], option: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in given:
        name, equals, values = one.partition("=")
        if not equals or not all(value.strip() for value in values.split(",")):
            raise ScenarioError(f"{option} {one!r}: write it like {option} window=200,800")
        if name.strip() in found:
            raise ScenarioError(f"{option} {one!r}: {name.strip()} was given before; put all of its values into one")
        found[name.strip()] = tuple(value.strip() for value in values.split(","))
    return found


def refuse_set(given: Sequence[str], varied: Collection[str]) -> None:
    """ScenarioError for a knob that --set holds at a value while it is varied."""
    for one in given:
        if (name := one.partition("=")[0].strip()) in varied:
            raise ScenarioError(f"--set {one}: {name} is varied, so it cannot be held at one value")
