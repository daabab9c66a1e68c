"""Exact figures from raw rows: percentiles by nearest rank, error shares, rates, and how many were under way."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.load.errand import ALL
from harness.load.rows import Request

NEVER = math.inf
"""How long a failed request took: it has no answer, so it is slower than any that has."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The requests of one name over some time."""

    ordered_s: tuple[float, ...]
    """How long each took, fastest first; failed ones are `NEVER` and stand at the end."""
    failed: int
    over_s: float
    """How long they were counted."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.ordered_s)

    @property
    def error_share(self) -> float:
        """Failed ones among all."""
        return self.failed / self.count if self.count else 0.0

    @property
    def rate_per_s(self) -> float:
        """Good answers a second."""
        return (self.count - self.failed) / self.over_s if self.over_s > 0 else 0.0

    def quantile(self, percent: str) -> float:
        """The smallest time that so many percent are not above; `NEVER` where it falls on a failed one."""
        rank = math.ceil(Decimal(percent) * self.count / 100)
        return self.ordered_s[max(rank, 1) - 1]

    def mean(self) -> float:
        """The mean of the good ones."""
        good = self.ordered_s[: self.count - self.failed]
        return sum(good) / len(good) if good else NEVER


def spread(requests: Iterable[Request], over_s: float) -> Spread:
    """Put requests in order."""
    seconds, failed = [], 0
    for one in requests:
        failed += one.error is not None
        seconds.append(NEVER if one.error is not None else one.seconds)
    return Spread(tuple(sorted(seconds)), failed, over_s)


def of_name(requests: Sequence[Request], name: str) -> Sequence[Request]:
    """Those of that name; `all` is every HTTP request, so not the time that whole imports took."""
    return [one for one in requests if (one.name == name if name != ALL else one.name != "import")]


def needed_samples(quantile: str | None, minimum: int) -> int:
    """How many requests a threshold needs: enough that its percentile is not simply the slowest of them."""
    beyond = 1 - Decimal(quantile) / 100 if quantile else None
    return max(minimum, math.ceil(1 / beyond) if beyond else 0)


def most_in_flight(requests: Iterable[Request]) -> int:
    """The most requests that were under way at one moment; an import as a whole is no request."""
    edges = [edge for one in requests if one.name != "import" for edge in ((one.start_s, 1), (one.end_s, -1))]
    most = now = 0
    for _, change in sorted(edges):  # at the same moment the one that ends comes first
        now += change
        most = max(most, now)
    return most
