"""A load result in words: what the terminal, Markdown and HTML all say the same way."""

from reports.load_body import LoadBody, LoadMemory, RequestFigures, ThresholdResult
from reports.load_quantities import format_seconds, show
from reports.quantities import UNKNOWN, format_bytes, format_count, format_duration, format_share, plural
from reports.result import LoadResult, Verdict
from reports.wording import Figure

THRESHOLD_HEADS = ("threshold", "limit", "measured", "verdict", "")
REQUEST_HEADS = ("request", "requests", "errors", "p50", "p95", "p99", "slowest", "a second")


def load_reasons(result: LoadResult) -> tuple[str, ...]:
    """Why the verdict is what it is."""
    if result.header.reasons:
        return tuple(one.text or one.code for one in result.header.reasons)
    if result.header.verdict is Verdict.PASS:
        users = max((one.users for one in result.body.stages if one.counted and one.begin_s is not None), default=0)
        count = len(result.body.thresholds)
        held = f"{plural(count, 'threshold')} held" if count else "There was no threshold to miss"
        return (f"{held} under {plural(users, 'user')}, and nothing acknowledged was lost.", *_break(result.body))
    return ("No reason was recorded.",)


def _break(body: LoadBody) -> tuple[str, ...]:
    """Where a load that goes up to the break broke."""
    if body.broke_at is not None:
        return (f"With {body.broke_at} a threshold was missed, and the load ended.",)
    return ("No step missed a threshold: it may hold more.",) if body.shape == "break" else ()


def load_subject(result: LoadResult) -> str:
    """What was loaded, where, under what."""
    head, body = result.header, result.body
    where = body.host or f"{head.backend}{' (simulated)' if head.simulated else ''}"
    limit = f" · limit {format_bytes(head.limit_bytes)}" if head.limit_bytes else ""
    return f"{head.scenario} · {head.target} · {where}{limit} · {body.shape}"


def load_figures(result: LoadResult) -> tuple[Figure, ...]:
    """The figures that matter, most important first."""
    head, body = result.header, result.body
    memory = body.memory
    return (
        Figure("requests", format_count(body.requests), f"{format_count(body.errors)} failed"),
        Figure("users", format_count(body.users_peak), _workers(body)),
        Figure("rate", _rate(body.rate_achieved_per_s), _offered(body)),
        Figure("peak unreclaimable", format_bytes(memory.peak_bytes), _of_limit(memory.peak_bytes, head.limit_bytes)),
        Figure("memory slope", _slope(memory), slope_note(memory)),
        Figure("stays after the load", _left(memory), _left_note(memory)),
        Figure("for each request", format_bytes(memory.per_request_bytes), _in_flight(memory)),
        Figure("imports", _imports(body), _imports_note(body)),
        Figure("duration", format_duration(head.duration_s)),
    )


def threshold_rows(thresholds: tuple[ThresholdResult, ...]) -> list[tuple[str, ...]]:
    """One row a threshold."""
    return [
        (one.name, f"{one.sign} {show(one.limit, one.unit)}", show(one.measured, one.unit), one.verdict, one.detail)
        for one in thresholds
    ]


def request_rows(figures: tuple[RequestFigures, ...]) -> list[tuple[str, ...]]:
    """One row a request, and one for each of its stages."""
    return [
        (
            one.name if one.stage is None else f"{one.name} @ {one.stage}",
            format_count(one.requests),
            format_count(one.errors),
            *(format_seconds(value) for value in (one.p50_s, one.p95_s, one.p99_s, one.max_s)),
            _rate(one.rate_per_s),
        )
        for one in figures
    ]


def gap_sentences(body: LoadBody) -> tuple[str, ...]:
    """When the service was not there."""
    return tuple(
        f"{_GAPS.get(one.kind, one.kind)} at {format_duration(one.start_s)}, "
        + (f"ready again after {format_duration(one.end_s - one.start_s)}" if one.end_s else "never ready again")
        + f"; {plural(one.requests_failed, 'request')} failed meanwhile."
        for one in body.gaps
    )


def invariant_rows(body: LoadBody) -> list[tuple[str, ...]]:
    """What the crash oracle says."""
    return [(one.name, one.outcome, one.detail or one.sentence) for one in body.invariants]


def slope_note(memory: LoadMemory) -> str:
    """The interval, over how little it is known, and what it means for the limit."""
    if memory.slope_interval is None:
        return "no stage was long enough"
    low, high = (show(one, "bytes/h") for one in memory.slope_interval)
    found = f"over {format_duration(memory.slope_over_s)}: {low} to {high}"
    if memory.minutes_to_limit is None:
        return found
    return f"{found}; at that the limit is {memory.minutes_to_limit:,.0f} min away"


_GAPS = {"oom": "Killed for memory", "sigkill": "Killed", "exit": "Ended by itself"}


def _workers(body: LoadBody) -> str:
    generator = body.generator
    cpu = f", {generator.cpu_share_max:.0%} of a CPU" if generator.cpu_share_max is not None else ""
    return f"{plural(generator.workers, 'worker')}{cpu}"


def _offered(body: LoadBody) -> str:
    if body.rate_offered_per_s is None:
        return "good answers; users wait for theirs"
    return f"done of {_rate(body.rate_offered_per_s)} that came"


def _rate(rate: float | None) -> str:
    return UNKNOWN if rate is None else f"{rate:.1f}/s"


def _of_limit(count: int | None, limit: int | None) -> str:
    return f"{format_share(count, limit)} of the limit" if count is not None and limit else ""


def _slope(memory: LoadMemory) -> str:
    return show(memory.slope_bytes_per_hour, "bytes/h")


def _left(memory: LoadMemory) -> str:
    if memory.left_bytes is None or memory.before_bytes is None:
        return UNKNOWN
    return format_bytes(memory.left_bytes - memory.before_bytes)


def _left_note(memory: LoadMemory) -> str:
    return f"{format_bytes(memory.before_bytes)} before, {format_bytes(memory.left_bytes)} after"


def _in_flight(memory: LoadMemory) -> str:
    return "" if memory.in_flight_most is None else f"of {memory.in_flight_most} under way at most"


def _imports(body: LoadBody) -> str:
    return f"{format_count(body.imports.complete)} of {format_count(body.imports.accepted)}"


def _imports_note(body: LoadBody) -> str:
    imports = body.imports
    billed = "" if body.inputs_billed_new is None else f", {format_count(body.inputs_billed_new)} new inputs billed"
    return f"{plural(imports.documents, 'document')}, {plural(imports.chunks_stored, 'chunk')}{billed}"
