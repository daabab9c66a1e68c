"""Measure whether a change of knobs saves the memory that it is said to save."""

import argparse
from dataclasses import replace

from harness.errors import ScenarioError
from harness.quantities import parse_seconds
from harness.scenario import Scenario, load_scenario
from harness.sweep.spec import claim_of
from harness.verbs.run import add_scenario_arguments, overrides_of
from harness.verbs.sweep import add_study_arguments, refuse_set, study_options, tell

EXAMPLE = """Both sides are run in turn, three times or more, with the memory limit lifted, because a killed run has no
peak. The saving is CONFIRMED when its lower bound is at least 0.75 of what is claimed, REFUTED when its upper bound is
below that, else UNDECIDED. Then each side is run once under the limit. It takes two to ten minutes.

example:
  halfgig claim cohere_batch_size 96 20 --saves 100MB
  halfgig claim window 800 200
  halfgig claim openai_batch_size 96 20 window 800 200 --saves 50MB..80MB --set extraction=false
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig claim` takes."""
    parser.add_argument("change", nargs="+", metavar="KNOB FROM TO", help="one knob or several, each with two values")
    parser.add_argument("--saves", metavar="SIZE", help="what it is said to save: 100MB, or 150MB..200MB")
    parser.add_argument("--scenario", metavar="NAME", help="a name of scenarios/ or a path (default: claim)")
    parser.add_argument("--for", dest="for_", metavar="TIME", help="end after this time, like 10m, with what is known")
    add_scenario_arguments(parser)
    add_study_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Measure, write result and report, and tell the verdict."""
    from harness.sweep.asking import ask  # Optuna and NumPy: half a second that other verbs do without

    return tell(arguments, ask(_scenario(arguments), study_options(arguments)))


def _scenario(arguments: argparse.Namespace) -> Scenario:
    change = arguments.change
    if len(change) % 3:
        raise ScenarioError("a claim is KNOB FROM TO, like cohere_batch_size 96 20; several knobs follow each other")
    scenario = load_scenario(arguments.scenario or "claim", overrides_of(arguments))
    refuse_set(arguments.set, change[0::3])
    claim = claim_of(change[0::3], change[1::3], change[2::3], arguments.saves)
    for_s = parse_seconds(arguments.for_, "--for") if arguments.for_ else scenario.sweep.for_s
    plan = replace(scenario.sweep, claims=(claim,), axes={}, smallest_limit=False, for_s=for_s)
    return replace(scenario, sweep=plan)
