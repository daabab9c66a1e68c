"""Invariants of the checkpoint: it stands for data that is there, and never goes back."""

from collections.abc import Iterator

from harness.crash.evidence import Evidence
from harness.crash.oracle.facts import jobs_in, snapshots_with, violations
from harness.crash.oracle.judgement import Invariant, Judgement, held_unless, not_judged
from harness.crash.oracle.told import statuses, successive


def checkpoint_never_ahead(evidence: Evidence) -> Judgement:
    """At no moment does the checkpoint stand for a document that is not stored."""
    asked = snapshots_with(evidence, "checkpoint_ahead")
    if not asked:
        return not_judged("the database was not asked how far its checkpoint is")
    return held_unless(text for one in asked for text in violations(one, "checkpoint_ahead"))


def checkpoint_never_regresses(evidence: Evidence) -> Judgement:
    """From moment to moment, and over any number of crashes, the checkpoint stays or rises."""
    if len(snapshots_with(evidence, "jobs")) < 2 and not any(len(one) > 1 for one in statuses(evidence).values()):
        return not_judged("the checkpoint was seen at fewer than two moments")
    return held_unless([*_stored_regressions(evidence), *_told_regressions(evidence)])


def _stored_regressions(evidence: Evidence) -> Iterator[str]:
    highest: dict[tuple[str, str], tuple[int, str]] = {}
    for snapshot in snapshots_with(evidence, "jobs"):
        for job in jobs_in(snapshot.facts):
            counts = {"settled": job.settled, "listed": job.listed, "chunks": job.chunks, "epoch": job.epoch}
            for name, count in counts.items():
                before, moment = highest.get((job.job, name), (count, ""))
                if count < before:
                    yield f"{name} was {before} ({moment}) and is {count} ({snapshot.moment})"
                highest[job.job, name] = max((before, moment), (count, snapshot.moment))


def _told_regressions(evidence: Evidence) -> Iterator[str]:
    for told in statuses(evidence).values():
        for earlier, later in successive(told):
            before = (earlier.documents_done or 0) + (earlier.documents_failed or 0)
            after = (later.documents_done or 0) + (later.documents_failed or 0)
            if later.documents_done is not None and after < before:
                yield f"{before} documents were settled, and later {after}"


CHECKPOINT = (
    Invariant(
        "checkpoint_never_ahead",
        "The checkpoint is never ahead of the data that it stands for.",
        frozenset({"sql"}),
        checkpoint_never_ahead,
    ),
    Invariant(
        "checkpoint_never_regresses",
        "The checkpoint never goes back, across any number of crashes.",
        frozenset({"history"}),
        checkpoint_never_regresses,
    ),
)
"""Invariants of the checkpoint."""
