"""A crash result in words: what the terminal, Markdown and HTML all say the same way."""

from collections.abc import Sequence

from reports.crash_body import CrashCell, FirstCommit
from reports.quantities import UNKNOWN, format_count, format_duration
from reports.result import CrashResult
from reports.wording import Figure


def crash_reasons(result: CrashResult) -> tuple[str, ...]:
    """Why the verdict is what it is."""
    return tuple(one.text or one.code for one in result.header.reasons) or ("No reason was recorded.",)


def crash_subject(result: CrashResult) -> str:
    """What was crashed, where, by which schedule."""
    head, body = result.header, result.body
    seed = f", seed {body.seed}" if body.seed is not None else ""
    return f"{head.scenario} · {head.target} · {head.backend} · {body.schedule}{seed}"


def crash_figures(result: CrashResult) -> tuple[Figure, ...]:
    """The figures that matter, most important first."""
    body, points = result.body, result.body.points
    broken = sorted({one.invariant for one in body.failures})
    return (
        Figure(
            "crash points",
            format_count(points.fired),
            f"fired of {format_count(points.enumerated)}; {format_count(points.not_exercised)} not exercised",
        ),
        Figure("failures", format_count(len(body.failures)), ", ".join(broken)),
        Figure("billed twice", format_count(body.inputs_billed_twice_max), "inputs, the most in one cycle"),
        Figure(
            "cycles",
            format_count(body.cycles),
            f"{_rate(body.cycles_per_minute)} a minute, {body.parallel} beside each other",
        ),
        Figure("first new commit", _ratio(body.first_commit), _commit_note(body.first_commit)),
        Figure("duration", format_duration(result.header.duration_s)),
    )


def matrix_columns(cells: Sequence[CrashCell]) -> list[tuple[str, str]]:
    """Fault and edge of each column, in the order in which they first came."""
    return list(dict.fromkeys((one.fault, one.edge) for one in cells))


def matrix_rows(cells: Sequence[CrashCell]) -> list[tuple[str, str]]:
    """Turn and message of each row."""
    return list(dict.fromkeys((one.turn, one.message) for one in cells))


def not_judged(result: CrashResult) -> tuple[str, ...]:
    """Invariants that no cycle could judge, and why."""
    return tuple(
        f"{one.name}: {one.why}" for one in result.body.invariants if not one.held and not one.broken and one.not_judged
    )


def _rate(rate: float | None) -> str:
    return UNKNOWN if rate is None else f"{rate:.1f}"


def _ratio(told: FirstCommit) -> str:
    return UNKNOWN if told.ratio is None else f"{told.ratio:.2f} x"


def _commit_note(told: FirstCommit) -> str:
    if told.cold_s is None or told.resumed_s is None:
        return ""
    return f"{told.resumed_s:.2f} s after a restart, {told.cold_s:.2f} s after a cold start, the stall time-out apart"
