"""The traced run beside an untraced one: done after it in a folder of its own, and told in the same result."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.errors import HalfgigError
from harness.memory.explanation import AnonSeen, anon_of
from harness.memory.tracing import explained_run
from harness.run import Order
from reports.observations import read_events, read_samples
from reports.progress import Progress
from reports.result import Result, write_result
from reports.run_directory import EVENTS, RESULT, SAMPLES
from reports.trace import FLAMEGRAPH, TRACE, Mode, Trace, TraceCost, trace_body

TRACED = "traced"
"""The folder of the traced run, inside that of the untraced one."""


def trace_beside(order: Order, untraced: Result, mode: Mode) -> Result:
    """Trace what `order` has run already; the result with its `trace`, or with a note why there is none."""
    run_dir = order.run_dir / TRACED
    run_dir.mkdir()
    try:
        traced = replace(order, run_dir=run_dir, show=_traced(order.show))
        trace = explained_run(traced, mode, order.run_dir / FLAMEGRAPH)
    except HalfgigError as error:
        body = replace(untraced.body, notes=(*untraced.body.notes, f"not traced: {error}"))
    else:
        (run_dir / TRACE).rename(order.run_dir / TRACE)
        body = replace(untraced.body, trace=trace_body(trace, cost_of(untraced, _anon(order.run_dir), trace)))
    result = replace(untraced, body=body)
    write_result(order.run_dir / RESULT, result)
    return result


def cost_of(untraced: Result, anon: AnonSeen, trace: Trace) -> TraceCost:
    """What tracing cost; CPU time and peaks compare only where both runs came to their end."""
    body = untraced.body
    cut_short = bool(body.oom_kills or trace.oom_kills or body.exit)
    return TraceCost(
        cpu_ratio=round(trace.cpu_s / body.cpu_s, 3) if trace.cpu_s and body.cpu_s and not cut_short else None,
        extra_bytes=None if cut_short else _difference(trace.attributed.anon_bytes, anon.anon_bytes),
        ready_extra_bytes=_difference(trace.attributed.ready_bytes, anon.ready_bytes),
        hook_reason=trace.hook_reason,
    )


def _difference(traced: int | None, untraced: int | None) -> int | None:
    return None if traced is None or untraced is None else traced - untraced


def _anon(run_dir: Path) -> AnonSeen:
    return anon_of(read_samples(run_dir / SAMPLES), read_events(run_dir / EVENTS))


def _traced(show: Callable[[Progress], None]) -> Callable[[Progress], None]:
    return lambda told: show(replace(told, phase=f"traced: {told.phase}"))
