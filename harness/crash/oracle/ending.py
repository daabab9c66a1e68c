"""Invariants of how it ends: done in time, not in a loop of kills, and of use afterwards."""

from collections.abc import Iterator

from harness.crash.evidence import Evidence
from harness.crash.oracle.facts import COMPLETE, MEMORY_CODES, JobFact, is_complete, jobs_in, snapshots_with
from harness.crash.oracle.judgement import HELD, Invariant, Judgement, broken, held_unless, not_judged

MOST_MEMORY_KILLS = 2
"""Memory kills in a row without a new commit after which a job must have failed for good."""
_SLOWEST_S = 30.0
"""Longest time that the small import at the end may take."""


def terminates(evidence: Evidence) -> Judgement:
    """Once the faults have stopped, the import completes within the bound, resumed where it has to be."""
    if not evidence.job_ids:
        return broken("no upload was ever acknowledged")
    if is_complete(evidence) or (evidence.finished and _may_fail(evidence)):
        return HELD
    state = evidence.last.state if evidence.last else "unknown"
    if evidence.finished:
        reason = evidence.last.error if evidence.last else None
        return broken(f"it ended as {state} ({reason or 'no reason'}), although the faults had stopped")
    return broken(f"it is still {state} {evidence.bound_s:g} s after the faults had stopped")


def no_kill_loop(evidence: Evidence) -> Judgement:
    """A resume after a memory kill takes a smaller window, and the second kill without a commit is the last."""
    asked = snapshots_with(evidence, "jobs")
    if not evidence.oom_kills or not asked:
        return not_judged("nothing was killed for memory")
    return held_unless(f"{one.moment}: {text}" for one in asked for job in jobs_in(one.facts) for text in _loops(job))


def still_usable(evidence: Evidence) -> Judgement:
    """A fresh import works afterwards."""
    second = evidence.second
    if second is None:
        return not_judged("no import was made afterwards")
    if second.state is None:
        return broken("a fresh upload was not taken")
    if second.state not in COMPLETE:
        return broken(f"a fresh import ended as {second.state}")
    if second.documents_done is not None and second.documents_done != second.documents:
        return broken(f"a fresh import stored {second.documents_done} of {second.documents} documents")
    if second.seconds > _SLOWEST_S:
        return broken(f"a fresh import of {second.documents} documents took {second.seconds:.0f} s")
    return HELD


def _may_fail(evidence: Evidence) -> bool:
    """Whether memory killed it so often that it has to be failed."""
    failed = evidence.last is not None and evidence.last.state == "failed"
    return failed and evidence.oom_kills >= MOST_MEMORY_KILLS


def _loops(job: JobFact) -> Iterator[str]:
    if job.memory_kills >= MOST_MEMORY_KILLS and (job.status, job.error_code) != ("failed", "memory"):
        yield f"memory killed it {job.memory_kills} times without a commit, and it is {job.status}"
    if job.error_code in MEMORY_CODES and not job.window_halvings:
        yield f"it is {job.status} for {job.error_code}, and its window is not reduced"


ENDING = (
    Invariant(
        "terminates",
        "Once the faults stop, the import is done in bounded time, resumed where it has to be.",
        frozenset({"history"}),
        terminates,
    ),
    Invariant(
        "no_kill_loop",
        "A memory kill reduces the window; two without a commit fail the job.",
        frozenset({"sql", "memory"}),
        no_kill_loop,
    ),
    Invariant("still_usable", "A fresh import works afterwards.", frozenset({"history"}), still_usable),
)
"""Invariants of how it ends."""
