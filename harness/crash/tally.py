"""Adds up judged cycles into the body of the result, and says what the verdict is."""

import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.crash.baseline import Recorded
from harness.crash.judged_cycle import CycleResult
from harness.crash.oracle.invariants import INVARIANTS
from harness.scenario import Scenario
from reports.crash_body import (
    CellVerdict,
    CrashBody,
    CrashCell,
    CrashFailure,
    FirstCommit,
    InvariantCount,
    PointCounts,
)
from reports.quantities import plural
from reports.result import Reason, Verdict

_LACKING_SHARE = 0.05
"""Of the cycles: where more of them lack their last message, they were not exercised."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What was run: the schedule, and how."""

    schedule: str
    seed: int
    parallel: int
    replay_words: tuple[str, ...]
    """`halfgig crash …` with the options that decide what a cycle is."""
    recorded: tuple[Recorded, ...]
    elapsed_s: float


def body_of(campaign: Campaign, results: Sequence[CycleResult], extra_cycles: int) -> CrashBody:
    """Add everything up; `extra_cycles` are those that reduced failures."""
    lacking = _lacking(results)
    looked = [one for one in results if not one.job.beyond or (one.figures and one.figures.fired)]
    jobs = [one for one in looked if one not in lacking]
    fired = [one for one in jobs if not one.invalid]
    billed = [one.figures.billed_twice for one in results if one.figures]
    return CrashBody(
        schedule=campaign.schedule,
        seed=campaign.seed,
        points=PointCounts(len(jobs), len(fired), len(jobs) - len(fired)),
        cycles=len(results) + extra_cycles,
        cycles_per_minute=round(60 * (len(results) + extra_cycles) / campaign.elapsed_s, 1),
        parallel=campaign.parallel,
        failures=tuple(failure for one in results for failure in failures_of(campaign, one)),
        inputs_billed_twice_max=max(billed, default=None),
        invariants=_invariants(results),
        cells=tuple(cell for one in jobs for cell in _cells(campaign, one)),
        first_commit=_first_commit(campaign, results),
        seconds=_seconds(results),
        not_exercised=tuple(f"{one.job} ({turn_of(campaign, one)}): {one.invalid}" for one in jobs if one.invalid),
        notes=(*_left_out(campaign), *_run_again(results), *_not_there(lacking)),
    )


def verdict_of(body: CrashBody) -> tuple[Verdict, tuple[Reason, ...]]:
    """PASS when every cell fired and every invariant that can be judged held."""
    if body.failures:
        names = sorted({one.invariant for one in body.failures})
        text = f"{len(body.failures)} times an invariant did not hold: {', '.join(names)}."
        return Verdict.FAIL, (Reason("invariant_broken", text),)
    if not body.points.fired:
        return Verdict.INVALID, (Reason("nothing_fired", "No crash point fired."),)
    if body.points.not_exercised:
        text = f"{body.points.not_exercised} of {body.points.enumerated} crash points were not exercised."
        return Verdict.INVALID, (Reason("not_exercised", text),)
    text = f"{body.points.fired} crash points fired, and every invariant that can be judged held at each."
    return Verdict.PASS, (Reason("all_held", text),)


def failures_of(campaign: Campaign, one: CycleResult) -> Sequence[CrashFailure]:
    """A cycle's broken invariants, each with the command that replays the cycle."""
    scenario = campaign.recorded[one.job.turn].scenario
    replay = shlex.join([*campaign.replay_words, "--only", str(one.job), *_turn_options(scenario)])
    faults = "+".join(point.fault for point in one.job.points)
    return [CrashFailure(name, str(one.job), faults, detail, replay, one.around) for name, detail in one.broken.items()]


def turn_of(campaign: Campaign, one: CycleResult) -> str:
    """The values of the knobs that are taken in turn, in this cycle."""
    scenario = campaign.recorded[one.job.turn].scenario
    return ", ".join(f"{knob}={scenario.knobs[knob]}" for knob in scenario.crash.in_turn) or scenario.name


def _turn_options(scenario: Scenario) -> Sequence[str]:
    return [word for knob in scenario.crash.in_turn for word in ("--set", f"{knob}={scenario.knobs[knob]}")]


def _cells(campaign: Campaign, one: CycleResult) -> Sequence[CrashCell]:
    """One cell a cycle, in the row of its last point."""
    verdict: CellVerdict = "FAIL" if one.broken else "INVALID" if one.invalid else "PASS"
    detail = "; ".join(f"{name}: {text}" for name, text in one.broken.items()) or one.invalid
    first, last = one.job.points[0], one.job.points[-1]
    message = last.message.name if first is last else f"{first} + {last.message.name}"
    return [CrashCell(message, last.edge.value, last.fault, turn_of(campaign, one), verdict, detail)]


def _invariants(results: Sequence[CycleResult]) -> tuple[InvariantCount, ...]:
    found = []
    for invariant in INVARIANTS:
        judged = [one.judgement for each in results for one in each.judged if one.name == invariant.name]
        outcomes = [one.outcome for one in judged]
        why = next((one.detail for one in reversed(judged) if one.outcome == "not judged"), "")
        found.append(
            InvariantCount(
                invariant.name,
                invariant.sentence,
                outcomes.count("held"),
                outcomes.count("broken"),
                outcomes.count("not judged"),
                why,
            )
        )
    return tuple(found)


def _first_commit(campaign: Campaign, results: Sequence[CycleResult]) -> FirstCommit:
    """Restarts after a SIGKILL alone against cold starts, of cycles that ran under the same load."""
    resumed = [
        seconds
        for one in results
        if one.figures and {point.fault for point in one.job.points} == {"sigkill"}
        for seconds in one.figures.first_commits_s
    ]
    cold = [one.figures.cold_first_commit_s for one in results if one.figures and one.figures.cold_first_commit_s]
    cold = cold or [one.baseline.first_commit_s for one in campaign.recorded if one.baseline.first_commit_s]
    if not cold or not resumed:
        return FirstCommit()
    cold_s, resumed_s = statistics.median(cold), statistics.median(resumed)
    return FirstCommit(round(cold_s, 3), round(resumed_s, 3), round(resumed_s / cold_s, 2))


def _seconds(results: Sequence[CycleResult]) -> Mapping[str, float]:
    cycles = [one.figures.seconds for one in results if one.figures]
    phases = dict.fromkeys(phase for seconds in cycles for phase in seconds)
    return {phase: round(sum(one.get(phase, 0.0) for one in cycles) / len(cycles), 3) for phase in phases}


def _left_out(campaign: Campaign) -> tuple[str, ...]:
    without = sorted({fault for one in campaign.recorded for fault in one.scenario.crash.without})
    if campaign.schedule != "matrix" or not without:
        return ()
    return (f"This scenario leaves out: {', '.join(without)}.",)


def _lacking(results: Sequence[CycleResult]) -> Sequence[CycleResult]:
    found = [one for one in results if one.lacks_last and not one.broken]
    return found if len(found) <= _LACKING_SHARE * len(results) else ()


def _not_there(lacking: Sequence[CycleResult]) -> tuple[str, ...]:
    if not lacking:
        return ()
    names = ", ".join(str(one.job) for one in lacking)
    return (f"Not counted, since the resume had no such message when it was tried: {names}.",)


def _run_again(results: Sequence[CycleResult]) -> tuple[str, ...]:
    pauses_s = [pause_s for one in results for pause_s in one.pauses_s]
    if not pauses_s:
        return ()
    cycles = f"{plural(len(pauses_s), 'cycle')} {'was' if len(pauses_s) == 1 else 'were'} run again"
    return (f"{cycles}: the machine stood still meanwhile, {max(pauses_s):.1f} s at the longest.",)
