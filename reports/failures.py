"""The documents of a run that failed, boiled down: how many, why, and the first of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from reports.observations import Failure

FIRST = 100
REASONS_MOST = 20


@dataclass(frozen=True, slots=True)
class FailureSummary:
    """What `failures.jsonl` holds, whatever its length."""

    total: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    """Each reason and how many documents have it, most frequent first; the rarest may stand under `other`."""
    first: tuple[Failure, ...] = ()


def summarise_failures(failures: Iterable[Failure]) -> FailureSummary:
    """Count by reason and keep the first `FIRST`."""
    first: list[Failure] = []
    counts: dict[str, int] = {}
    for failure in failures:
        known = failure.reason in counts or len(counts) < REASONS_MOST
        reason = failure.reason if known else "other"
        counts[reason] = counts.get(reason, 0) + 1
        if len(first) < FIRST:
            first.append(failure)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return FailureSummary(sum(counts.values()), tuple(ordered), tuple(first))
