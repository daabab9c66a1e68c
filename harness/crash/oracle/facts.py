"""Reads the rows that the invariants file of a target yields; its columns are those that the block's comment names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.crash.evidence import FINISHED, Evidence, Facts, Snapshot

COMPLETE = ("completed", "completed_with_errors")
"""States, in the words of the contract, in which all of an import is done."""
MEMORY_CODES = ("killed_memory", "probably_memory")


@dataclass(frozen=True, slots=True)
class JobFact:
    """A row of the block `jobs`; `settled` is the checkpoint, `listed` the documents that it stands for."""

    job: str
    status: str
    epoch: int
    attempt: int
    total: int | None
    settled: int
    failed: int
    chunks: int
    listed: int
    error_code: str | None
    memory_kills: int
    window_halvings: int


def jobs_in(facts: Facts) -> Sequence[JobFact]:
    """The jobs of a snapshot, oldest first."""
    return tuple(JobFact(*row) for row in facts.get("jobs", ()))


def snapshots_with(evidence: Evidence, block: str) -> Sequence[Snapshot]:
    """The snapshots in which that block was asked for, in the order of time."""
    return tuple(one for one in evidence.snapshots if block in one.facts)


def violations(snapshot: Snapshot, block: str) -> Iterator[str]:
    """The rows of a block of violations as texts that say when they were seen."""
    for row in snapshot.facts.get(block, ()):
        yield f"{snapshot.moment}: {': '.join(str(one) for one in row)}"


def moment(evidence: Evidence, name: str) -> Snapshot | None:
    """The first snapshot of that moment."""
    return next((one for one in evidence.snapshots if one.moment == name), None)


def is_complete(evidence: Evidence) -> bool:
    """Whether the import ended, and the last status told that all of it is done."""
    return evidence.finished and evidence.last is not None and evidence.last.state in COMPLETE


def allowed_losses(evidence: Evidence) -> int:
    """Documents that may fail because of a fault: those with a poisoned input."""
    return sum(one.documents_lost for one in evidence.disruptions)


def finished(evidence: Evidence) -> Snapshot | None:
    """What the database held when the import was over."""
    return moment(evidence, FINISHED)
