"""What tracing cost is told where two runs compare."""

from dataclasses import replace

from harness.memory.beside import cost_of
from harness.memory.explanation import AnonSeen, anon_of
from reports.observations import Event, Sample
from reports.result import Result
from reports.trace import TRACE_VERSION, Attributed, Trace
from tests.unit.reports import sample_runs

TRACE = Trace(TRACE_VERSION, "cheap", "1.20.0", "3.11.7", 50, Attributed(20, 110, 60), 0, (), (), (), None, 12.0, 0)
ANON = AnonSeen(None, 100, 55)


def _run(cpu_s: float = 10.0) -> Result:
    passed = sample_runs.passing()
    return replace(passed, body=replace(passed.body, cpu_s=cpu_s, oom_kills=0, exit=None))


def test_the_cost_is_the_difference_of_two_whole_runs() -> None:
    """CPU time as a ratio, memory at the peak and when the service was ready."""
    cost = cost_of(_run(), ANON, TRACE)
    assert (cost.cpu_ratio, cost.extra_bytes, cost.ready_extra_bytes) == (1.2, 10, 5)


def test_the_cost_has_the_reason_of_the_hook() -> None:
    """Why it is higher than it need be is told with it."""
    assert cost_of(_run(), ANON, TRACE).hook_reason is None
    assert cost_of(_run(), ANON, replace(TRACE, hook_reason="not compiled")).hook_reason == "not compiled"


def test_a_run_that_was_cut_short_has_no_cpu_ratio() -> None:
    """Two runs that a kill ended at different places do not compare; what the tracer took at the start does."""
    for run, trace in ((sample_runs.killed(), TRACE), (_run(), replace(TRACE, oom_kills=1))):
        cost = cost_of(run, ANON, trace)
        assert (cost.cpu_ratio, cost.extra_bytes, cost.ready_extra_bytes) == (None, None, 5)


def test_anon_is_taken_before_the_upload_and_at_its_highest() -> None:
    """What the imports took is what was there between readiness and the first upload."""
    samples = [Sample(t, anon, 0, 1, anon + 1, anon + 2) for t, anon in ((1.0, 10), (2.0, 50), (3.0, 90), (4.0, 70))]
    found = anon_of(samples, [Event(1.9, "ready", {}), Event(2.5, "upload", {}), Event(3.5, "upload", {})])
    assert (found.anon_bytes, found.ready_bytes) == (90, 50)
    assert found.peak == samples[2]
    assert anon_of([], []) == AnonSeen(None, None, None)
