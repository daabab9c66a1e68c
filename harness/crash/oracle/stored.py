"""Invariants of what is stored in the end: all of it, each of it once, whole, and every vector with its own text."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from harness.crash.evidence import Evidence
from harness.crash.oracle.facts import (
    COMPLETE,
    allowed_losses,
    finished,
    is_complete,
    jobs_in,
    snapshots_with,
    violations,
)
from harness.crash.oracle.judgement import HELD, Invariant, Judgement, broken, held_unless, not_judged
from harness.dependencies.provider.vectors import embed
from harness.stored import StoredDigest

MOST_VECTORS = 2000
"""Vectors that are computed again, spread evenly over those that are stored."""
_HEADER_BYTES = 4
_UNFINISHED = "the import did not complete"


def nothing_lost(evidence: Evidence) -> Judgement:
    """Everything that the uncrashed run stored is stored, with the same content."""
    if not is_complete(evidence):
        return not_judged(_UNFINISHED)
    stored, expected = evidence.stored, evidence.baseline.stored
    if stored is None or expected is None:
        return not_judged("what is stored was not fingerprinted")
    if losses := allowed_losses(evidence):
        return held_unless(_missing_documents(stored, expected, losses))
    if stored.digest == expected.digest:
        return HELD
    return broken(f"what is stored differs from the uncrashed run's: {_differences(stored, expected)}")


def nothing_twice(evidence: Evidence) -> Judgement:
    """No document, chunk, concept, mention or relation is there more than once, under whatever id."""
    asked = snapshots_with(evidence, "twice")
    if not asked:
        return not_judged("the database was not asked for content that is there twice")
    usual = set(evidence.baseline.facts.get("twice", ()))
    return held_unless(
        f"{one.moment}: {kind} {copies} times: {what}"
        for one in asked
        for kind, what, copies in one.facts["twice"]
        if (kind, what, copies) not in usual
    )


def no_half_document(evidence: Evidence) -> Judgement:
    """Once a job is complete, each document has all of its chunks, vectors, concepts and mentions."""
    asked = [
        one
        for one in snapshots_with(evidence, "half_documents")
        if any(job.status in COMPLETE for job in jobs_in(one.facts))
    ]
    if not asked:
        return not_judged("no job was complete when the database was asked for half documents")
    return held_unless(text for one in asked for text in violations(one, "half_documents"))


def vectors_match(evidence: Evidence) -> Judgement:
    """Each stored vector is the one that the provider gives for the text that it is stored with."""
    snapshot = finished(evidence)
    rows = snapshot.facts.get("vectors", ()) if snapshot else ()
    if not rows:
        return not_judged("no stored vectors were read")
    step = -(-len(rows) // MOST_VECTORS)
    return held_unless(_strange_vectors([(str(prompt), bytes(vector)) for prompt, vector in rows[::step]]))


def poison_isolated(evidence: Evidence) -> Judgement:
    """An input that the provider refuses fails the documents that it is part of, and no others."""
    allowed = allowed_losses(evidence)
    if not allowed:
        return not_judged("no input was poisoned")
    if not is_complete(evidence) or evidence.last is None:
        return broken(f"the poisoned input stopped the whole import ({_state(evidence)})")
    usual = evidence.baseline.last.documents_failed or 0
    failed = evidence.last.documents_failed or 0
    if failed > usual + allowed:
        return broken(f"{failed - usual} documents failed, where {allowed} had a poisoned input")
    unexplained = [one.name for one in evidence.failed if not one.reason]
    return held_unless(f"{name} failed without a reason" for name in unexplained)


def _missing_documents(stored: StoredDigest, expected: StoredDigest, losses: int) -> Iterator[str]:
    for kind, rows in expected.rows.items():
        here = stored.rows.get(kind, 0)
        if here > rows:
            yield f"{kind}: {here}, where the uncrashed run has {rows}"
    missing = expected.rows.get("documents", 0) - stored.rows.get("documents", 0)
    if missing > losses:
        yield f"{missing} documents are missing, where {losses} may fail"


def _differences(stored: StoredDigest, expected: StoredDigest) -> str:
    kinds = sorted({*stored.rows, *expected.rows})
    counts = [
        f"{stored.rows.get(kind, 0)} {kind}, not {expected.rows.get(kind, 0)}"
        for kind in kinds
        if stored.rows.get(kind, 0) != expected.rows.get(kind, 0)
    ]
    return ", ".join(counts) or "as many rows, other content"


def _strange_vectors(rows: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    for prompt, vector in rows:
        numbers = np.frombuffer(vector, ">f4", offset=_HEADER_BYTES)
        text = prompt.encode()
        expected = embed([text], [hashlib.sha256(text).digest()], len(numbers))[0]
        # A halfvec keeps 11 bits of each number.
        if not np.allclose(numbers, expected, rtol=1e-3, atol=1e-6):
            yield f"{prompt[:60]!r} has the vector of another text"


def _state(evidence: Evidence) -> str:
    return evidence.last.state if evidence.last else "no status"


STORED = (
    Invariant(
        "nothing_lost",
        "After all crashes the same is stored as by a run without any.",
        frozenset({"fingerprint"}),
        nothing_lost,
    ),
    Invariant(
        "nothing_twice",
        "No document, chunk, concept, mention or relation is stored twice.",
        frozenset({"sql"}),
        nothing_twice,
    ),
    Invariant(
        "no_half_document",
        "Once a job is complete, no document lacks a part.",
        frozenset({"sql"}),
        no_half_document,
    ),
    Invariant("vectors_match", "Every vector belongs to its text.", frozenset({"sql"}), vectors_match),
    Invariant(
        "poison_isolated",
        "An input that the provider refuses fails only the documents that contain it.",
        frozenset({"history"}),
        poison_isolated,
    ),
)
"""Invariants of what is stored."""
