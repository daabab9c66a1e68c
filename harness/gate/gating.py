"""Gates one scenario: what it is compared with, the pairs, and the first reason why that says nothing."""

import time
from dataclasses import dataclass
from pathlib import Path

from harness.gate.baseline import Baseline, differences
from harness.gate.metrics import METRICS, measured
from harness.gate.pairs import Ground, Runs, Unusable
from harness.gate.sequential import Before, Course, Look, Plan, State, judge_pairs
from harness.scenario import Scenario
from reports.result import Fingerprint, Header, Reason


@dataclass(frozen=True, slots=True)
class Against:
    """What a scenario is compared with: the same scenario in another tree, or recorded runs; neither is INVALID."""

    base: Scenario | None
    recorded: Baseline | None
    recorded_at: Path
    """Where the scenario's recorded runs are, or would be; the noise floor too."""


@dataclass(frozen=True, slots=True)
class Gated:
    """One scenario, measured as far as it went."""

    scenario: Scenario
    against: Against
    course: Course
    reasons: tuple[Reason, ...]
    """Why it is INVALID; empty when it was compared."""
    noise_from: str
    notes: tuple[str, ...]
    head: Header | None
    """The header of the first run of this side."""
    duration_s: float


def gate_scenario(scenario: Scenario, against: Against, ground: Ground, plan: Plan) -> Gated:
    """Measure pairs until the scenario is decided, or until it is known that nothing can be."""
    started_s = time.monotonic()
    runs = Runs(scenario, against.base, ground)
    known = _Known(Before(), "no run", ())
    reasons: tuple[Reason, ...] = ()
    course = Course((), ())
    try:
        runs.waiting.append(runs.pair())
        known = _before(against, _fingerprint(runs))
        reasons = _incomparable(against, runs)
        if not reasons:
            course = judge_pairs(METRICS, runs, known.before, plan)
    except Unusable as unusable:
        reasons = (unusable.reason,)
    if reasons:
        course = _uncompared(runs)
    head = runs.head_results[0].header if runs.head_results else None
    notes, spent_s = (*known.notes, *_other_work(runs)), time.monotonic() - started_s
    return Gated(scenario, against, course, reasons, known.noise_from, notes, head, spent_s)


def _fingerprint(runs: Runs) -> Fingerprint | None:
    return runs.head_results[0].header.fingerprint if runs.head_results else None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known before the first pair, where its noise floor is from, and what is to be told of that."""

    before: Before
    noise_from: str
    notes: tuple[str, ...]


def _before(against: Against, now: Fingerprint | None) -> _Known:
    recorded, alone = against.recorded, "the runs of this gate alone"
    if recorded is None or now is None:
        return _Known(Before(), alone, ())
    other = differences(recorded.fingerprint.binding, now.binding)
    informing = differences(recorded.fingerprint.informing, now.informing)
    notes = tuple(f"{against.recorded_at} was recorded elsewhere: {one}." for one in informing)
    if against.base is not None and other:
        told = f"The noise floor in {against.recorded_at} holds for another environment ({'; '.join(other)})"
        return _Known(Before(), alone, (f"{told}, so it was not used.",))
    floors = recorded.floors()
    base = {} if against.base else recorded.figures()
    noise_from = f"{len(recorded.runs)} recorded runs and those of this gate" if floors else alone
    return _Known(Before(base, floors), noise_from, notes)


def _incomparable(against: Against, runs: Runs) -> tuple[Reason, ...]:
    now = _fingerprint(runs)
    if against.base is not None:
        first = runs.base_results[0].header.fingerprint
        found = differences(first.binding, now.binding) if now else ()
        text = f"The two sides ran in different environments: {'; '.join(found)}."
        return (Reason("other_environment", text),) if found else ()
    if against.recorded is None:
        how = "`--noise 12` records one, `--against REVISION` compares with a revision instead"
        return (Reason("no_baseline", f"There is no baseline: {against.recorded_at} is not there. {how}."),)
    if now is None:
        return (Reason("did_not_run", "The service was OOM-killed before it was ready, so nothing was measured."),)
    found = differences(against.recorded.fingerprint.binding, now.binding)
    text = f"The baseline {against.recorded_at} holds for another environment: {'; '.join(found)}."
    return (Reason("other_environment", text),) if found else ()


def _uncompared(runs: Runs) -> Course:
    """Every metric as it was measured, next to nothing."""
    looks = (Look(one, (), _head_figures(one.name, runs), State.UNKNOWN) for one in METRICS)
    return Course(tuple(runs.pairs), tuple(looks))


def _head_figures(metric: str, runs: Runs) -> tuple[float, ...]:
    told = [*(pair.head for pair in runs.pairs)] or [measured(one) for one in runs.head_results]
    return tuple(figure for one in told if (figure := one.get(metric)) is not None)


def _other_work(runs: Runs) -> tuple[str, ...]:
    """What is to be known where the two sides did not store the same."""
    if not (runs.base_results and runs.head_results):
        return ()
    base, head = runs.base_results[0].body, runs.head_results[0].body
    if base.digest == head.digest:
        return ()
    return (f"The sides stored different things: {base.chunks_stored} chunks before, {head.chunks_stored} now.",)
