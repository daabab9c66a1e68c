"""From what a load run was seen to do to the body of its result."""

import math
from collections import Counter
from collections.abc import Iterator

from harness.load.figures import Spread
from harness.load.generator_quality import busiest, counted_generators, lag_p95_s
from harness.load.memory import MemorySeen
from harness.load.seen import LoadSeen
from reports import load_body as body
from reports.load_body import LoadBody, ThresholdResult

_ERRORS_MOST = 20


def load_body(seen: LoadSeen, thresholds: tuple[ThresholdResult, ...], host: str | None) -> LoadBody:
    """Lay everything out."""
    requests = [one for one in seen.requests if one.name != "import"]
    return LoadBody(
        thresholds=thresholds,
        requests=len(requests),
        errors=sum(one.error is not None for one in requests),
        users_peak=max((one.users for one in seen.rows.stages if one.begin_s is not None), default=0),
        rate_offered_per_s=_offered(seen, None),
        rate_achieved_per_s=_achieved(seen, None),
        memory=_memory(seen.memory, seen.limit_bytes),
        by_request=tuple(_by_request(seen)),
        error_counts=_error_counts(seen),
        shape=seen.plan.shape,
        stages=_stages(seen),
        gaps=_gaps(seen),
        generator=_generator(seen),
        imports=_imports(seen),
        inputs_billed_new=seen.provided.new_inputs if seen.provided else None,
        invariants=tuple(
            body.LoadInvariant(one.name, one.sentence, one.judgement.outcome, one.judgement.detail)
            for one in seen.invariants
        ),
        broke_at=seen.broke_at,
        host=host,
        oom_kills=seen.oom_kills,
        not_exercised=tuple(_not_exercised(seen)),
    )


def _by_request(seen: LoadSeen) -> Iterator[body.RequestFigures]:
    names = sorted({one.name for one in seen.requests})
    stages = [stage.name for place, stage in enumerate(seen.plan.stages) if place in seen.counted]
    for name in names:
        for stage in (None, *(stages if len(stages) > 1 else ())):
            found = seen.spread(name, stage)
            if found.count:
                yield _figures(name, stage, found)


def _figures(name: str, stage: str | None, found: Spread) -> body.RequestFigures:
    good = found.ordered_s[: found.count - found.failed]
    p50, p95, p99 = (_known(found.quantile(percent)) for percent in ("50", "95", "99"))
    return body.RequestFigures(
        name, stage, found.count, found.failed, p50, p95, p99, _rounded(good[-1]) if good else None,
        _rounded(found.rate_per_s),
    )  # fmt: skip


def _error_counts(seen: LoadSeen) -> tuple[body.ErrorCount, ...]:
    counts = Counter((one.name, one.error) for one in seen.requests if one.error is not None)
    return tuple(body.ErrorCount(name, error, count) for (name, error), count in counts.most_common(_ERRORS_MOST))


def _stages(seen: LoadSeen) -> tuple[body.LoadStage, ...]:
    found = {one.place: one for one in seen.rows.stages}
    return tuple(
        body.LoadStage(
            name=stage.name,
            users=stage.users,
            counted=place in seen.counted,
            begin_s=_rounded(found[place].begin_s) if place in found else None,
            end_s=_rounded(found[place].end_s) if place in found else None,
            rate_offered_per_s=_offered(seen, place),
            rate_achieved_per_s=_achieved(seen, place),
        )
        for place, stage in enumerate(seen.plan.stages)
    )


def _offered(seen: LoadSeen, place: int | None) -> float | None:
    seconds = seen.seconds_of(place)
    if seen.plan.rate_most_per_s is None or not seconds:
        return None
    return _rounded(len(seen.arrivals_in(place)) / seconds)


def _achieved(seen: LoadSeen, place: int | None) -> float | None:
    seconds = seen.seconds_of(place)
    if not seconds:
        return None
    if seen.plan.rate_most_per_s is not None:
        return _rounded(sum(one.ok for one in seen.arrivals_in(place)) / seconds)
    good = [one for one in seen.requests if one.error is None and one.name != "import" and place in (None, one.stage)]
    return _rounded(len(good) / seconds)


def _memory(memory: MemorySeen | None, limit_bytes: int | None) -> body.LoadMemory:
    if memory is None:
        return body.LoadMemory()
    slope = memory.slope
    return body.LoadMemory(
        source=memory.source,
        before_bytes=memory.before_bytes,
        peak_bytes=memory.peak_bytes,
        left_bytes=memory.left_bytes,
        slope_bytes_per_hour=round(slope.bytes_per_hour) if slope else None,
        slope_interval=(round(slope.low), round(slope.high)) if slope else None,
        slope_over_s=_rounded(slope.over_s) if slope else None,
        minutes_to_limit=_rounded(slope.minutes_to(limit_bytes, slope.bytes_per_hour))
        if slope and limit_bytes
        else None,
        minutes_to_limit_at_worst=_rounded(slope.minutes_to(limit_bytes, slope.high))
        if slope and limit_bytes
        else None,
        per_request_bytes=_rounded(memory.per_request_bytes),
        in_flight_most=memory.in_flight_most,
    )


def _gaps(seen: LoadSeen) -> tuple[body.Gap, ...]:
    return tuple(
        body.Gap(
            one.kind,
            round(one.start_s, 3),
            _rounded(one.ready_s),
            one.planned,
            sum(
                other.error is not None
                for other in seen.rows.requests
                if other.start_s < (one.ready_s or math.inf) and other.end_s > one.start_s
            ),
        )
        for one in seen.crashes
        if one.struck
    )


def _generator(seen: LoadSeen) -> body.GeneratorFigures:
    rows = counted_generators(seen)
    arrivals = seen.arrivals_in(None)
    return body.GeneratorFigures(
        workers=seen.workers,
        lost=len(seen.lost),
        cpu_share_max=_rounded(busiest(rows)),
        lag_p95_s=_rounded(lag_p95_s(rows)),
        arrivals=len(arrivals),
        turned_away=sum(one.turned_away for one in arrivals),
    )


def _imports(seen: LoadSeen) -> body.LoadImports:
    return body.LoadImports(
        accepted=len(seen.ends),
        complete=sum(one.is_complete for one in seen.ends),
        unfinished=sum(not one.is_complete and not one.is_lost for one in seen.ends),
        lost=sum(one.is_lost for one in seen.ends),
        documents=sum(one.documents for one in seen.ends),
        chunks_stored=sum(one.chunks_stored for one in seen.ends),
    )


def _not_exercised(seen: LoadSeen) -> Iterator[str]:
    if not seen.plan.thresholds:
        yield "thresholds: the scenario has none, so only deaths and lost imports could fail this run"
    if seen.plan.uploads_most and len(seen.rows.uploads_begun) >= seen.plan.uploads_most:
        yield f"imports: none was made any more after the {seen.plan.uploads_most} uploads that are allowed"
    if seen.plan.imports and not seen.ends:
        yield "imports: none was accepted"
    if any(one.place not in seen.counted and seen.plan.stages[one.place].counted for one in seen.rows.stages):
        yield "stages after the break: they were begun and are not judged"


def _known(seconds: float) -> float | None:
    return None if math.isinf(seconds) else _rounded(seconds)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
