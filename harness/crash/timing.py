"""How long a start takes to its first new commit, the wait for the stall time-out left out."""

from collections.abc import Sequence

from harness.crash.evidence import Evidence, Resume, Start
from harness.dependencies.boundary.messages import Edge
from harness.dependencies.boundary.recorder import Passage

_ACCEPTED = 202


def first_commits(
    restarts: Sequence[Start], resumes: Sequence[Resume], passages: Sequence[Passage], origin_t: float
) -> tuple[float, ...]:
    """For each restart that resumed work: from its start to ready, and from the accepted resume to the first commit."""
    accepted = [one.t for one in resumes if _ACCEPTED in one.statuses]
    found = []
    for place, one in enumerate(restarts):
        until_t = restarts[place + 1].t if place + 1 < len(restarts) else float("inf")
        resumed_t = next((t for t in accepted if one.t < t < until_t), None)
        commit_t = None if resumed_t is None else first_commit(passages, origin_t, resumed_t, until_t)
        if resumed_t is not None and commit_t is not None and one.ready_t:
            found.append(one.ready_t - one.t + commit_t - resumed_t)
    return tuple(found)


def first_commit(
    passages: Sequence[Passage], origin_t: float, after_t: float, until_t: float = float("inf")
) -> float | None:
    """When the first commit after a provider's answer was carried out, looked for from `after_t` on."""
    answered = False
    for one in passages:
        t = origin_t + one.t
        if not after_t <= t < until_t:
            continue
        if one.message.is_to_provider:
            answered = True
        elif answered and one.message.kind == "commit" and one.edge is Edge.UNACKNOWLEDGED:
            return t
    return None


def cold_first_commit(evidence: Evidence, passages: Sequence[Passage], origin_t: float) -> float | None:
    """The same for the first start of a cycle; None where a fault came before its first commit."""
    if not evidence.starts or not evidence.history:
        return None
    first, uploaded_t = evidence.starts[0], evidence.history[0].t
    until_t = min((one.t for one in evidence.disruptions), default=float("inf"))
    commit_t = first_commit(passages, origin_t, uploaded_t, until_t)
    return None if commit_t is None else first.ready_t - first.t + commit_t - uploaded_t
