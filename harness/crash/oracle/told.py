"""Invariants of what the client was told: never taken back, never too early, and true."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from harness.client import JobStatus
from harness.crash.evidence import Call, Evidence
from harness.crash.oracle.facts import COMPLETE, finished, jobs_in, snapshots_with, violations
from harness.crash.oracle.judgement import Invariant, Judgement, held_unless, not_judged

_NOT_FOUND = 404


def statuses(evidence: Evidence) -> Mapping[str, Sequence[tuple[Call, JobStatus]]]:
    """The answered status calls of each job, in the order in which they were asked."""
    found: dict[str, list[tuple[Call, JobStatus]]] = {}
    for one in sorted(evidence.history, key=lambda call: call.t):
        if one.job is not None:
            found.setdefault(one.job_id, []).append((one, one.job))
    return found


def successive(told: Sequence[tuple[Call, JobStatus]]) -> Iterator[tuple[JobStatus, JobStatus]]:
    """Pairs of statuses of which the later one was asked for after the earlier one was answered."""
    for (first, earlier), (second, later) in pairwise(told):
        if first.answered_t is not None and first.answered_t <= second.t:
            yield earlier, later


def acknowledged_survives(evidence: Evidence) -> Judgement:
    """What a 202 or a status told is still so whenever it is looked at later."""
    if not evidence.job_ids:
        return not_judged("no upload was acknowledged")
    if not statuses(evidence) and not snapshots_with(evidence, "jobs"):
        return not_judged("nobody looked after the upload was acknowledged")
    return held_unless([*_vanished(evidence), *_taken_back(evidence), *_not_stored(evidence)])


def progress_monotone(evidence: Evidence) -> Judgement:
    """Progress never falls, and is 1 exactly when the job is complete."""
    told = statuses(evidence)
    if not any(job.progress is not None for one in told.values() for _, job in one):
        return not_judged("no progress was told")
    return held_unless([*_fallen(told), *_too_early(told)])


def honest_status(evidence: Evidence) -> Judgement:
    """The status says what is so: counts, reasons, and completion as soon as and only when all is settled."""
    asked = snapshots_with(evidence, "dishonest_status")
    if not asked and evidence.last is None:
        return not_judged("neither a status nor the database told anything")
    found = [text for one in asked for text in violations(one, "dishonest_status")]
    return held_unless([*found, *_dishonest_end(evidence)])


def _vanished(evidence: Evidence) -> Iterator[str]:
    for one in evidence.history:
        if one.call == "status" and one.status == _NOT_FOUND and one.job_id in evidence.job_ids:
            yield f"the upload was acknowledged, and its job {one.job_id} is unknown later"
    # From its first status call on, the client has been told of a job.
    known_t = {told_of: told[0][0].t for told_of, told in statuses(evidence).items()}
    for snapshot in snapshots_with(evidence, "jobs"):
        here = {job.job for job in jobs_in(snapshot.facts)}
        for job_id in evidence.job_ids:
            if known_t.get(job_id, float("inf")) <= snapshot.t and job_id not in here:
                yield f"{snapshot.moment}: the acknowledged job {job_id} is not stored"


def _taken_back(evidence: Evidence) -> Iterator[str]:
    for told in statuses(evidence).values():
        for earlier, later in successive(told):
            for name in ("documents_done", "documents_failed", "chunks_stored"):
                before, after = getattr(earlier, name), getattr(later, name)
                if before is not None and after is not None and after < before:
                    yield f"{name} was told as {before} and later as {after}"
            if earlier.state in COMPLETE and later.state != earlier.state:
                yield f"the job was told as {earlier.state} and later as {later.state}"


def _not_stored(evidence: Evidence) -> Iterator[str]:
    """What was told before a snapshot and is not in it."""
    told = statuses(evidence)
    for snapshot in snapshots_with(evidence, "jobs"):
        for job in jobs_in(snapshot.facts):
            before = [one for call, one in told.get(job.job, ()) if (call.answered_t or call.t) <= snapshot.t]
            settled = max(((one.documents_done or 0) + (one.documents_failed or 0) for one in before), default=0)
            if settled > job.listed:
                yield f"{snapshot.moment}: {settled} documents were told as done, {job.listed} are stored"


def _fallen(told: Mapping[str, Sequence[tuple[Call, JobStatus]]]) -> Iterator[str]:
    for one in told.values():
        for earlier, later in successive(one):
            if earlier.progress is not None and later.progress is not None and later.progress < earlier.progress:
                yield f"progress fell from {earlier.progress:.1%} to {later.progress:.1%}"


def _too_early(told: Mapping[str, Sequence[tuple[Call, JobStatus]]]) -> Iterator[str]:
    for _, job in (pair for one in told.values() for pair in one):
        if job.progress is not None and (job.progress >= 1) != (job.state in COMPLETE):
            yield f"progress was told as {job.progress:.1%} in the state {job.state}"


def _dishonest_end(evidence: Evidence) -> Iterator[str]:
    last, snapshot = evidence.last, finished(evidence)
    if last is None:
        return
    settled = (last.documents_done or 0) + (last.documents_failed or 0)
    if not evidence.finished and settled == evidence.baseline.documents:
        yield f"all {settled} documents are settled, and it is told as {last.state} for ever"
    if last.state in COMPLETE and settled != evidence.baseline.documents and last.documents_done is not None:
        yield f"it is told as {last.state} with {settled} of {evidence.baseline.documents} documents"
    if last.state in COMPLETE and last.resumable:
        yield f"it is told as {last.state} and resumable"
    if snapshot is None or not evidence.finished or last.documents_done is None:
        return
    for job in (one for one in jobs_in(snapshot.facts) if one.job == snapshot.job_id):
        if (job.status in COMPLETE) != (last.state in COMPLETE):
            yield f"it is told as {last.state}, and the database has it as {job.status}"
        if job.settled != settled:
            yield f"{settled} documents are told as done, {job.settled} are counted in the database"


TOLD = (
    Invariant(
        "acknowledged_survives",
        "What a 202 or a status told is never taken back.",
        frozenset({"history"}),
        acknowledged_survives,
    ),
    Invariant(
        "progress_monotone",
        "Progress never falls, and is 100 % only when the job is complete.",
        frozenset({"history"}),
        progress_monotone,
    ),
    Invariant("honest_status", "The status says what is so.", frozenset({"history"}), honest_status),
)
"""Invariants of what the client was told."""
