"""Invariants of who runs a job: one at a time, nobody twice, and nothing once it is done."""

from collections.abc import Iterator

from harness.crash.evidence import FINISHED, RESUMED_AGAIN, ZOMBIE_SLEEPS, ZOMBIE_WOKE, Evidence, Snapshot, Start
from harness.crash.oracle.facts import jobs_in, moment
from harness.crash.oracle.judgement import Invariant, Judgement, held_unless, not_judged
from harness.crash.oracle.told import statuses

_TAKEN, _REFUSED = 202, 409


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
    raced = [one.statuses for one in evidence.resumes if len(one.statuses) > 1]
    # While a dead runner still counts as running, all are refused: nobody has won, and nobody should.
    if not any(_TAKEN in statuses for statuses in raced):
        return not_judged("no resumes were sent at once of which one was taken")
    return held_unless(_races_lost([statuses for statuses in raced if _TAKEN in statuses]))


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


def _races_lost(raced: list[tuple[int | None, ...]]) -> Iterator[str]:
    for statuses_of_one in raced:
        taken = statuses_of_one.count(_TAKEN)
        if taken != 1:
            yield f"{taken} of {len(statuses_of_one)} resumes at once were taken"
        # An answer that never came says nothing.
        strange = sorted({one for one in statuses_of_one if one not in (_TAKEN, _REFUSED, None)}, key=str)
        if strange:
            yield f"a resume that came too late was answered {', '.join(map(str, strange))}, not 409"


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
