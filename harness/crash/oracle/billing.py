"""The invariant of what is paid for: at most what was in flight, and never what is committed already."""

from collections.abc import Iterator, Mapping

from harness.crash.evidence import CRASHED, Evidence, Identity, Snapshot
from harness.crash.oracle.judgement import Invariant, Judgement, held_unless, not_judged


def rebilling_bounded(evidence: Evidence) -> Judgement:
    """Billed twice is at most what was in flight at a crash or lost with an answer, and nothing that was committed."""
    if not evidence.ledger:
        return not_judged("the provider was never asked")
    crashes = [one for one in evidence.snapshots if one.moment == CRASHED]
    committed = [text for one in crashes for text in _committed_again(evidence, one)]
    return held_unless([*_beyond_flight(evidence), *committed])


def losses(evidence: Evidence) -> int:
    """How often something in flight may have been lost: each real disruption once, and each answer by itself."""
    return sum((not one.tamed) + one.answers_lost for one in evidence.disruptions)


def _beyond_flight(evidence: Evidence) -> Iterator[str]:
    at_risk = {one.endpoint: one.requests * one.inputs for one in evidence.in_flight}
    lost = losses(evidence)
    for endpoint, twice in _billed_twice(evidence.billings).items():
        bound = lost * at_risk.get(endpoint, 0)
        if twice > bound:
            yield f"{endpoint}: {twice} inputs billed twice, at most {bound} were in flight at {lost} losses"


def _billed_twice(billings: Mapping[Identity, int]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for (endpoint, _, _), count in billings.items():
        counts[endpoint] = counts.get(endpoint, 0) + count - 1
    return counts


def _committed_again(evidence: Evidence, crash: Snapshot) -> Iterator[str]:
    """Inputs that were committed when it crashed, and are billed again after that."""
    paid = {digest for (digest,) in crash.facts.get("paid", ())}
    answers: dict[str, int] = dict(crash.facts.get("paid_answers", ()))
    before = _billed(evidence, 0.0, crash.t)
    after = _billed(evidence, crash.t, float("inf"))
    for endpoint, again in after.items():
        if endpoint in answers:
            # Which of them are committed cannot be told, but how many are.
            repeated = len(again & before.get(endpoint, set()))
            uncommitted = len(before.get(endpoint, set())) - answers[endpoint]
            if repeated > max(0, uncommitted):
                yield f"{endpoint}: {repeated} answers billed again, of which {uncommitted} were not committed"
        elif known := {digest for _, _, digest in again} & paid:
            yield f"{endpoint}: {len(known)} inputs were committed before the crash and billed again after it"


def _billed(evidence: Evidence, start_t: float, end_t: float) -> Mapping[str, set[Identity]]:
    found: dict[str, set[Identity]] = {}
    for line in evidence.ledger:
        if line.billed and start_t <= line.t < end_t:
            for identity in line.identities:
                found.setdefault(identity[0], set()).add(identity)
    return found


BILLING = (
    Invariant(
        "rebilling_bounded",
        "Billed twice is at most (crashes + answers lost) x requests in flight x inputs a request, and nothing "
        "whose answer was committed.",
        frozenset({"ledger"}),
        rebilling_bounded,
    ),
)
"""Invariants of what is paid for."""
