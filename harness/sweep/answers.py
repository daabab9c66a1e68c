"""From cells and choices to the answers of the result: recommendation, cells, smallest limit."""

import shlex
from collections.abc import Mapping, Sequence

from harness.scenario import Scenario
from harness.sweep.axes import needed_knobs
from harness.sweep.cells import Cell, Cells, cells_of, pareto
from harness.sweep.choosing import more_trials_words
from harness.sweep.intervals import Interval
from harness.sweep.participant import typical_s
from harness.sweep.smallest_limit import answers_of, resolution_bytes
from harness.sweep.trial import Trial, name_of
from harness.sweep.tuning import TuningStrategy
from reports import sweep_body as body
from reports.quantities import format_bytes, format_rate

_NEIGHBOURS = 2
"""On each side."""


def recommendation(scenario: Scenario, tuning: TuningStrategy, trials: Sequence[Trial]) -> body.Recommendation | None:
    """The fastest setting within the budget, with what the runs under the real limit said; None where there is none."""
    choice, cells = tuning.choice(trials), cells_of(trials)
    best = choice.best
    if best is None or best.peak is None or best.rate is None:
        return None
    verified, asked = tuning.verified(trials, best.setting), scenario.sweep.verify
    is_verified = verified.passed >= asked and not verified.failed
    open_words = more_trials_words(choice, cells, typical_s(trials))
    decided = choice.is_decided and is_verified
    if not is_verified:
        open_words = "; ".join(filter(None, (open_words, f"{verified.passed} of {asked} verification runs were made")))
    return body.Recommendation(
        knobs=dict(best.setting),
        peak_bytes=best.peak.mean,
        peak_interval_bytes=interval_of(best.peak),
        chunks_per_s=best.rate.mean,
        chunks_per_s_interval=interval_of(best.rate),
        calls_per_1000_inputs=best.calls,
        verified_runs=verified.passed,
        verify_runs=asked,
        decision="DECIDED" if decided else "UNDECIDED",
        text=_text(best, scenario, decided=decided, open_words=open_words),
        environment=environment_of(scenario, best.setting),
        neighbours=_neighbours(best, cells),
    )


def environment_of(scenario: Scenario, setting: Mapping[str, str]) -> tuple[str, ...]:
    """Lines for a shell that set the knobs of a setting; axes that are no knobs are not in anybody's hand."""
    knobs = {**needed_knobs(scenario, setting), **setting}
    names = scenario.target.knobs
    return tuple(f"export {names[knob]}={shlex.quote(value)}" for knob, value in knobs.items() if knob in names)


def sweep_cells(cells: Cells, budget_bytes: int) -> tuple[body.SweepCell, ...]:
    """The cells as the result has them."""
    front = pareto(cells.all)
    return tuple(
        body.SweepCell(
            setting=dict(one.setting),
            trials=len(one.trials),
            killed=one.killed,
            peak_bytes=one.peak.mean if one.peak else None,
            peak_interval_bytes=interval_of(one.peak),
            chunks_per_s=one.rate.mean if one.rate else None,
            chunks_per_s_interval=interval_of(one.rate),
            calls_per_1000_inputs=one.calls,
            within_budget=None if one.peak_most is None and not one.killed else one.fits(budget_bytes),
            pareto=one in front,
        )
        for one in cells.all
    )


def smallest_limit(setting: Mapping[str, str], trials: Sequence[Trial]) -> body.SmallestLimit | None:
    """What the searches have found; None until one of them is over."""
    answers = answers_of(setting, trials)
    if not answers:
        return None
    probes = sum(one.task.part == "limit" and one.task.setting == setting for one in trials)
    return body.SmallestLimit(dict(setting), max(answers), answers, probes, resolution_bytes(max(answers)))


def interval_of(interval: Interval | None) -> body.Interval:
    """The interval as the result has it."""
    if interval is None or interval.low is None or interval.high is None:
        return ()
    return (interval.low, interval.high)


def _text(best: Cell, scenario: Scenario, *, decided: bool, open_words: str) -> str:
    peak = format_bytes(best.peak.mean if best.peak else None)
    rate = format_rate(best.rate.mean if best.rate else None, "chunks")
    budget = format_bytes(scenario.budget_bytes)
    found = f"{name_of(best.setting)} is the fastest within the budget of {budget}: {rate}, peak {peak}"
    if decided:
        return f"{found}, and runs under the limit of {format_bytes(scenario.limit_bytes)} bear it out."
    return f"UNDECIDED: {found} so far; {open_words or 'more repeats are needed'}."


def _neighbours(best: Cell, cells: Cells) -> tuple[body.Neighbour, ...]:
    front = pareto(cells.all)
    if best not in front:
        front = sorted([*front, best], key=lambda one: one.peak.mean if one.peak else 0.0)
    place = front.index(best)
    beside = front[max(0, place - _NEIGHBOURS) : place] + front[place + 1 : place + 1 + _NEIGHBOURS]
    return tuple(
        body.Neighbour(dict(one.setting), one.peak.mean, one.rate.mean, one.calls)
        for one in beside
        if one.peak and one.rate
    )
