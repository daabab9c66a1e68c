"""One cycle of a campaign, judged: what the tally counts and the report shows."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.crash.baseline import Recorded
from harness.crash.cycle import Outcome, Setup, run_cycle
from harness.crash.ground import Ground
from harness.crash.oracle.invariants import judge
from harness.crash.oracle.judgement import Judged
from harness.crash.schedules.schedule import Job
from harness.crash.stillness import STOOD_STILL_S
from harness.dependencies.boundary.points import CrashPoint
from harness.errors import TargetError
from harness.scenario import Scenario

EVIDENCE = "evidence.json"
_AROUND = 8
_TRIES = 3
"""Cycles after which a point that was recorded, and did not fire, counts as not exercised: concurrency may give a run a
message less than another one, and memory may just suffice."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a cycle; all else of its outcome is several megabytes that a long campaign need not hold."""

    fired: tuple[CrashPoint, ...]
    billed_twice: int
    first_commits_s: tuple[float, ...]
    """Of its restarts."""
    cold_first_commit_s: float | None
    seconds: Mapping[str, float]
    """Phase to how long it took."""


@dataclass(frozen=True, slots=True)
class CycleResult:
    """The verdict on one cycle."""

    job: Job
    figures: Figures | None
    """None where the target could not be brought through the cycle at all."""
    judged: tuple[Judged, ...]
    broken: Mapping[str, str]
    """Invariant to what was seen."""
    invalid: str
    """Why the cycle says nothing; empty where it does."""
    around: tuple[str, ...]
    pauses_s: tuple[float, ...] = ()
    """How long the machine stood still in each cycle of this job that was run again for that."""
    outcome: Outcome | None = None
    """All that was seen, for as long as a schedule may ask what follows from it."""

    @property
    def lacks_last(self) -> bool:
        """Whether the resume had no such message, in as many tries, and the job says that this may be."""
        fired = self.figures.fired if self.figures else ()
        return self.job.last_may_lack and _unfired(self.job.points, fired) == Counter(self.job.points[-1:])


def judged_cycle(ground: Ground, recorded: Recorded, job: Job) -> CycleResult:
    """Run a job and judge it; one that seems to fail while the machine stood still is run again."""
    pauses_s: list[float] = []
    while True:
        began_s = time.monotonic()
        result = _judged(ground, recorded, job)
        pause_s = ground.stillness.longest_s(began_s)
        if not result.broken or pause_s < STOOD_STILL_S or len(pauses_s) == _TRIES - 1:
            return replace(result, pauses_s=tuple(pauses_s))
        pauses_s.append(pause_s)


def _judged(ground: Ground, recorded: Recorded, job: Job) -> CycleResult:
    """Run a job and judge it; one in which nothing fired is tried again."""
    setup = Setup(ground, recorded.scenario, job.points)
    try:
        outcome = run_cycle(setup, recorded.baseline)
        for _ in range(0 if job.beyond else _TRIES - 1):
            if _has_fired(job, outcome):
                break
            outcome = run_cycle(setup, recorded.baseline)
    except TargetError as error:
        return CycleResult(job, None, (), {"terminates": str(error)}, "", ())
    judged = judge(outcome.evidence, offers(ground, recorded.scenario))
    broken = {one.name: one.judgement.detail for one in judged if one.judgement.outcome == "broken"}
    if broken:
        _keep(outcome, broken)
    told = _invalid(job, outcome), _around(outcome)
    return CycleResult(job, _figures(outcome), judged, broken, *told, outcome=outcome)


def offers(ground: Ground, scenario: Scenario) -> frozenset[str]:
    """What of the oracle's needs this target, held in this way, fulfils."""
    target = scenario.target
    found = {
        "sql": bool(target.invariants),
        "fingerprint": target.fingerprint_sql is not None,
        "ledger": True,
        "history": {"progress", "documents_done"} <= set(target.http.fields),
        "resume": target.http.resume is not None,
        "instances": ground.template_url is not None,
        "memory": not ground.backend.simulated,
    }
    return frozenset(name for name, offered in found.items() if offered)


def _keep(outcome: Outcome, broken: Mapping[str, str]) -> None:
    """Write down, beside the ledger and the log, what a failure has to be understood from."""
    seen = outcome.evidence
    kept = {
        "broken": dict(broken),
        "disruptions": [f"{one.t:.3f} {one.point}" for one in seen.disruptions],
        "starts": [f"{one.t:.3f} ready {one.ready_t:.3f} instance {one.instance}" for one in seen.starts],
        "history": [
            f"{one.t:.3f} {one.call} {one.status} {one.job.state if one.job else one.reason} {one.job_id}"
            for one in seen.history
        ],
        "snapshots": [
            {
                "t": round(one.t, 3),
                "moment": one.moment,
                "jobs": one.facts.get("jobs"),
                "writes": one.facts.get("writes"),
            }
            for one in seen.snapshots
        ],
        "messages": [
            f"{outcome.origin_t + one.t:.3f} {one.message.name} {one.edge.value} {one.message.text[:80]}"
            for one in outcome.passages
        ],
    }
    (outcome.cycle_dir / EVIDENCE).write_text(json.dumps(kept, indent=1, default=str), encoding="utf-8")


def _figures(outcome: Outcome) -> Figures:
    seen = outcome.evidence
    return Figures(seen.fired, seen.billed_twice, seen.first_commits_s, outcome.cold_first_commit_s, outcome.seconds)


def _has_fired(job: Job, outcome: Outcome) -> bool:
    needed = job.points[:1] if job.first_counts else job.points
    return not _unfired(needed, outcome.evidence.fired)


def _unfired(points: Sequence[CrashPoint], fired: Sequence[CrashPoint]) -> Counter[CrashPoint]:
    """What has not fired, as often as it has not: numbering begins anew at a restart, so two points may be equal."""
    return Counter(points) - Counter(fired)


def _invalid(job: Job, outcome: Outcome) -> str:
    if outcome.evidence.problems:
        return f"the wires had trouble: {outcome.evidence.problems[0]}"
    if not job.beyond and not _has_fired(job, outcome):
        return next(iter(outcome.not_exercised.values()), "nothing fired")
    return ""


def _around(outcome: Outcome) -> tuple[str, ...]:
    """The messages around the last point that fired; its own line begins with `>`."""
    if not outcome.evidence.disruptions:
        return ()
    last = outcome.evidence.disruptions[-1]
    places = [
        place
        for place, one in enumerate(outcome.passages)
        if (one.message, one.edge) == (last.point.message, last.point.edge)
        and outcome.origin_t + one.t <= last.t + 0.05
    ]
    if not places:
        return ()
    start = max(0, places[-1] - _AROUND)
    return tuple(
        f"{'>' if start + offset == places[-1] else ' '} {one.t:8.3f} {one.message.name} {one.edge.value}"
        f"  {one.message.text[:80]}"
        for offset, one in enumerate(outcome.passages[start : places[-1] + _AROUND + 1])
    )
