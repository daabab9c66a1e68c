"""Whether the load was made as it should have been, and whether the service could take it."""

from collections.abc import Iterator, Sequence

from harness.load.figures import Spread
from harness.load.rows import Arrival, Generator
from harness.load.seen import LoadSeen
from reports.result import Reason

CPU_MOST = 0.9
"""Of one CPU, over `CPU_WINDOW`: one process of Locust cannot use more than one."""
CPU_WINDOW = 5
"""Rows, one a second."""
LAG_MOST_S = 0.5
"""A generator that wakes up so late, one time in twenty, has not measured times but itself."""
RATE_SHARE = 0.95
_LATE_S = 1.0


def busiest(generators: Sequence[Generator]) -> float | None:
    """The highest share of a CPU that one process used over some seconds, or over all where that is shorter."""
    most: float | None = None
    for worker in {one.worker for one in generators}:
        shares = [one.cpu_share for one in generators if one.worker == worker]
        width = min(CPU_WINDOW, len(shares))
        busiest_here = max(sum(shares[at : at + width]) / width for at in range(len(shares) - width + 1))
        most = max(most or 0.0, busiest_here)
    return most


def lag_p95_s(generators: Sequence[Generator]) -> float | None:
    """How late a process of the generator woke up."""
    ordered = sorted(one.lag_s for one in generators)
    return Spread(tuple(ordered), 0, 1.0).quantile("95") if ordered else None


def counted_generators(seen: LoadSeen) -> Sequence[Generator]:
    """Rows of the processes that have users, of the stages that count, and of the one that broke.

    A generator that is too busy breaks a stage, too.
    """
    places = {*seen.counted, seen.place_of(seen.broke_at) if seen.broke_at else None}
    return [one for one in seen.rows.generators if one.worker >= 0 and one.stage in places]


def generator_doubts(seen: LoadSeen) -> Iterator[Reason]:
    """Why the measurement cannot be trusted."""
    if seen.lost:
        named = ", ".join(seen.lost)
        yield Reason("lost_worker", f"A part of the load generator ended before the load was over: {named}.")
    workers = {one.worker for one in seen.rows.generators if one.worker >= 0}
    if seen.rows.generators and len(workers) < seen.workers:
        yield Reason("lost_worker", f"Only {len(workers)} of {seen.workers} workers of the generator were heard of.")
    elif not seen.lost and (fewest := _fewest_workers(seen)) is not None and fewest < seen.workers:
        text = f"For a while only {fewest} of {seen.workers} workers of the generator were there."
        yield Reason("lost_worker", text)
    if seen.hung:
        yield Reason("generator_hung", "The load generator did not end although all of its stages were over.")
    if seen.unreached:
        yield Reason("users_missing", "The users of a stage did not start in time, so that it never began.")
    if seen.rows.user_errors:
        first = seen.rows.user_errors[0]
        yield Reason("user_error", f"The users' own code failed {len(seen.rows.user_errors)} times: {first}.")
    generators = counted_generators(seen)
    cpu, lag_s = busiest(generators), lag_p95_s(generators)
    if cpu is not None and cpu > CPU_MOST:
        yield Reason(
            "generator_overloaded", f"The load generator used {cpu:.0%} of a CPU; use more workers, or less load."
        )
    elif lag_s is not None and lag_s > LAG_MOST_S:
        text = f"The load generator woke up {lag_s * 1000:.0f} ms late: the machine is too busy to measure on."
        yield Reason("generator_overloaded", text)
    uploads = seen.plan.uploads_most
    if uploads and seen.plan.rate_most_per_s is not None and len(seen.rows.uploads_begun) >= uploads:
        text = f"All of the {uploads} uploads that are allowed were made before the load was over."
        yield Reason("rate_not_offered", text)
    yield from _not_offered(seen)


def _fewest_workers(seen: LoadSeen) -> int | None:
    """The fewest that the leading process heard of while a stage was on; None where one process does everything."""
    spans = [(one.begin_s, one.end_s) for one in seen.stages_seen()]
    there = (
        count
        for t, count in seen.rows.workers_seen
        if any(begin_s is not None and end_s is not None and begin_s <= t <= end_s for begin_s, end_s in spans)
    )
    return min(there, default=None)


def _not_offered(seen: LoadSeen) -> Iterator[Reason]:
    for place in sorted(seen.counted):
        rate = seen.stage(place).rate_per_s
        if rate is None:
            continue
        name, arrivals = seen.stage(place).name, seen.arrivals_in(place)
        turned_away = sum(one.turned_away for one in arrivals)
        if turned_away and not pool_is_large(seen, place):
            text = (
                f"In {name!r} no user was free for {turned_away} of {len(arrivals)} arrivals; the scenario has too few."
            )
            yield Reason("no_free_user", text)
        late = sum(one.late_s > _LATE_S for one in arrivals)
        wished = rate * seen.seconds_of(place)
        if len(arrivals) < RATE_SHARE * wished or late > (1 - RATE_SHARE) * len(arrivals):
            text = f"In {name!r} {len(arrivals) - late} of {wished:.0f} arrivals were offered in time."
            yield Reason("rate_not_offered", text)


def pool_is_large(seen: LoadSeen, place: int) -> bool:
    """Whether the stage has users enough that only a service that is too slow can keep all of them."""
    stage = seen.stage(place)
    return stage.users >= (stage.rate_per_s or 0.0) * seen.plan.patience_s


def rate_failures(seen: LoadSeen) -> Iterator[Reason]:
    """The rate was offered, and the service did not take it."""
    for place in sorted(seen.counted):
        rate = seen.stage(place).rate_per_s
        arrivals = seen.arrivals_in(place)
        if rate is None or not arrivals:
            continue
        taken = sum(one.ok or seen.was_struck(one) or _may_still_end(one, arrivals, seen) for one in arrivals)
        if taken < RATE_SHARE * len(arrivals):
            name, seconds = seen.stage(place).name, seen.seconds_of(place)
            took, came = taken / seconds, len(arrivals) / seconds
            text = f"In {name!r} the service took {took:.3g} of {came:.3g} arrivals a second."
            yield Reason("rate_not_taken", text)


def _may_still_end(one: Arrival, arrivals: Sequence[Arrival], seen: LoadSeen) -> bool:
    """An arrival of the last moments that was not done when the load ended says nothing."""
    last_s = max(other.due_s for other in arrivals)
    return one.seconds is None and not one.turned_away and last_s - one.due_s <= seen.plan.patience_s
