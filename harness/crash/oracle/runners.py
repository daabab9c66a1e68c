"""Invariants of who runs a job: one at a time, nobody twice, and nothing once it is done."""

from collections.abc import Iterator

from harness.crash.evidence import (
    FINISHED,
    RESUMED_AGAIN,
    ZOMBIE_SLEEPS,
    ZOMBIE_WOKE,
    Evidence,
    Resume,
    Snapshot,
    Start,
)
from harness.crash.faults.registry import DATABASE
from harness.crash.oracle.facts import jobs_in, moment
from harness.crash.oracle.judgement import Invariant, Judgement, held_unless, not_judged
from harness.crash.oracle.told import statuses

_TAKEN, _REFUSED, _UNAVAILABLE = 202, 409, 503
_OUTAGE_S = 10.0


def resume_idempotent(evidence: Evidence) -> Judgement:
    """Resuming a finished job is refused, writes nothing and asks no provider."""
    again = evidence.resume_of_finished
    if again is None:
        return not_judged("no finished job was resumed")
    found = [f"it was answered {one or 'not at all'}, not 409" for one in again.statuses if one != _REFUSED]
    before, after = moment(evidence, FINISHED), moment(evidence, RESUMED_AGAIN)
    found += _written(before, after)
    if before and after:
        asked = [one for one in (*evidence.ledger, *evidence.ledger_after) if before.t <= one.t < after.t]
        found += [f"{len(asked)} requests went to the provider"] if asked else []
    return held_unless(found)


def one_runner(evidence: Evidence) -> Judgement:
    """Of resumes that are sent at once exactly one is taken, and the others are refused with 409."""
    # While a dead runner still counts as running, all are refused: nobody has won, and nobody should.
    raced = [one for one in evidence.resumes if len(one.statuses) > 1 and _TAKEN in one.statuses]
    if not raced:
        return not_judged("no resumes were sent at once of which one was taken")
    return held_unless(finding for one in raced for finding in _race_lost(evidence, one))


def fenced(evidence: Evidence) -> Judgement:
    """A runner that was stopped, and wakes up after another one took its job over, writes nothing."""
    before, after = moment(evidence, ZOMBIE_SLEEPS), moment(evidence, ZOMBIE_WOKE)
    if before is None or after is None or "writes" not in before.facts:
        return not_judged("no runner was stopped and let go on")
    return held_unless(_written(before, after))


def live_job_not_stolen(evidence: Evidence) -> Judgement:
    """An instance that starts beside a live one leaves its jobs alone."""
    started = [one for one in evidence.starts if one.instance > 1 and _beside_a_live_one(evidence, one)]
    if not started:
        return not_judged("no instance was started beside a live one")
    return held_unless([*_told_stolen(evidence, started[0].t), *_stored_stolen(evidence, started[0].t)])


def _written(before: Snapshot | None, after: Snapshot | None) -> list[str]:
    if before is None or after is None:
        return []
    then = {name: versions for name, *versions in before.facts.get("writes", ())}
    now = {name: versions for name, *versions in after.facts.get("writes", ())}
    due = {name for (name,) in before.facts.get("garbage_due", ())}
    return [f"{name} was written to" for name in sorted(then) if then[name] != now.get(name) and name not in due]


def _race_lost(evidence: Evidence, resume: Resume) -> Iterator[str]:
    taken = resume.statuses.count(_TAKEN)
    if taken != 1:
        yield f"{taken} of {len(resume.statuses)} resumes at once were taken"
    # An answer that never came says nothing, nor does one that asks to come again while the database is away.
    accepted = {_TAKEN, _REFUSED, None, *((_UNAVAILABLE,) if _without_database(evidence, resume) else ())}
    strange = sorted({one for one in resume.statuses if one not in accepted}, key=str)
    if strange:
        yield f"a resume that came too late was answered {', '.join(map(str, strange))}, not 409"


def _without_database(evidence: Evidence, resume: Resume) -> bool:
    """Whether a fault harmed the database shortly before or while the resumes were sent."""
    harmful = {fault.name for fault in DATABASE}
    return any(one.point.fault in harmful and abs(one.t - resume.t) < _OUTAGE_S for one in evidence.disruptions)


def _beside_a_live_one(evidence: Evidence, start: Start) -> bool:
    """Whether nothing had stopped or harmed the first instance before the other one was started."""
    return all(one.tamed for one in evidence.disruptions if one.t < start.ready_t)


def _quiet_until(evidence: Evidence, start_t: float) -> float:
    """When something else first happened that may interrupt the job."""
    return min((one.t for one in evidence.disruptions if one.t >= start_t and not one.tamed), default=float("inf"))


def _told_stolen(evidence: Evidence, start_t: float) -> Iterator[str]:
    end_t = _quiet_until(evidence, start_t)
    for told in statuses(evidence).values():
        for call, job in told:
            if start_t <= call.t < end_t and (job.state == "interrupted" or (job.attempt or 1) > 1):
                yield f"after the other instance's start the job was told as {job.state}, attempt {job.attempt}"


def _stored_stolen(evidence: Evidence, start_t: float) -> Iterator[str]:
    end_t = _quiet_until(evidence, start_t)
    for snapshot in evidence.snapshots:
        for job in jobs_in(snapshot.facts) if start_t <= snapshot.t < end_t else ():
            if job.job in evidence.job_ids and (job.status == "interrupted" or job.attempt > 1):
                yield f"{snapshot.moment}: the job is {job.status}, attempt {job.attempt}"


RUNNERS = (
    Invariant(
        "resume_idempotent",
        "Resuming a finished job writes nothing and asks no provider.",
        frozenset({"resume"}),
        resume_idempotent,
    ),
    Invariant(
        "one_runner",
        "Of concurrent resumes exactly one wins; the others get 409.",
        frozenset({"resume"}),
        one_runner,
    ),
    Invariant("fenced", "A stale runner writes nothing.", frozenset({"sql", "instances"}), fenced),
    Invariant(
        "live_job_not_stolen",
        "An instance that starts never touches a live job of another.",
        frozenset({"history", "instances"}),
        live_job_not_stolen,
    ),
)
"""Invariants of who runs a job."""
