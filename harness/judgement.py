"""The verdict of a run: a pure function from what was seen to PASS, FAIL or INVALID with its reasons."""

from collections.abc import Iterator

from harness.client import JobStatus
from harness.observation import ImportSeen, Observation
from harness.scenario import Scenario
from reports.quantities import format_bytes
from reports.result import Reason, Verdict

_ENDED_WELL = ("completed", "completed_with_errors")


def judge(scenario: Scenario, seen: Observation) -> tuple[Verdict, tuple[Reason, ...]]:
    """PASS, FAIL or INVALID; an untrustworthy measurement is INVALID unless the kernel's kill speaks for itself."""
    failures = tuple(_failures(scenario, seen))
    doubts = tuple(_doubts(seen))
    if doubts and not seen.oom_kills:
        return Verdict.INVALID, doubts + failures
    if failures:
        return Verdict.FAIL, failures + doubts
    return Verdict.PASS, ()


def _doubts(seen: Observation) -> Iterator[Reason]:
    if not seen.imports or not seen.documents_total:
        yield Reason("nothing_imported", "No document was imported, so nothing was measured.")
    if seen.peaks.unreclaimable_bytes is None:
        yield Reason("no_samples", "The memory was never sampled, so there is no peak.")
    if seen.ledger.unknown_endpoints:
        named = ", ".join(seen.ledger.unknown_endpoints[:5])
        yield Reason("unknown_endpoint", f"The target called what the provider stub does not know: {named}.")
    if seen.stopped_early:
        yield Reason("stopped_early", f"It was ended as soon as enough was seen{_how_far(seen)}; the rest is unknown.")
    attempts = (*seen.ledger.outbound, *seen.outbound_attempts)
    if attempts:
        named = ", ".join(attempts[:5])
        yield Reason("outbound_attempt", f"The target tried to reach {named}, which it does not declare.")


def _failures(scenario: Scenario, seen: Observation) -> Iterator[Reason]:
    limit, budget = format_bytes(scenario.limit_bytes), format_bytes(scenario.budget_bytes)
    peak = seen.peaks.unreclaimable_bytes
    if seen.oom_kills:
        who = ", ".join(seen.killed) or "a process of the target"
        times = "once" if seen.oom_kills == 1 else f"{seen.oom_kills} times"
        yield Reason("oom_killed", f"Out of memory under {limit}: killed {times} ({who}){_how_far(seen)}.")
    elif seen.exit:
        how = seen.exit.signal or f"status {seen.exit.code}"
        yield Reason("target_exited", f"The target ended by itself ({how}){_how_far(seen)}; its log says more.")
    if seen.timed_out:
        yield Reason("timed_out", f"The import did not end within {scenario.timeout_s:g} s{_how_far(seen)}.")
    elif not (seen.oom_kills or seen.exit or seen.ready_at_the_end):
        yield Reason("not_ready_at_the_end", "The target no longer answers its readiness call.")
    if peak is not None and peak > scenario.budget_bytes:
        text = f"The peak of unreclaimable memory, {format_bytes(peak)}, is over the budget of {budget}."
        yield Reason("over_budget", text)
    yield from _import_failures(scenario, seen)


def _import_failures(scenario: Scenario, seen: Observation) -> Iterator[Reason]:
    cut_short = seen.oom_kills or seen.exit or seen.timed_out or seen.stopped_early
    for one in seen.imports:
        if one.last is not None and one.last.state in _ENDED_WELL:
            yield from _document_failures(scenario, one, one.last)
        elif not cut_short or (one.last and one.last.finished):
            yield Reason("import_failed", f"Import {one.job_id} ended as {_state(one.last)}.")


def _document_failures(scenario: Scenario, one: ImportSeen, last: JobStatus) -> Iterator[Reason]:
    stored, failed = last.documents_done or 0, last.documents_failed or 0
    if stored + failed != one.documents:
        text = f"Of {one.documents} documents {stored} are stored and {failed} failed"
        yield Reason("unaccounted_documents", f"{text}: {one.documents - stored - failed} are not accounted for.")
    elif len(one.failed) != failed:
        yield Reason("unexplained_failures", f"{failed} documents failed, but {len(one.failed)} have a reason.")
    if failed and scenario.strict:
        yield Reason("documents_failed", f"{failed} documents failed, which --strict does not allow.")


def _state(last: JobStatus | None) -> str:
    if last is None:
        return "unknown: the target told no status"
    return f"{last.state}: {last.error}" if last.error else last.state


def _how_far(seen: Observation) -> str:
    told = [one.last.progress for one in seen.imports if one.last and one.last.progress is not None]
    return f" at {min(told):.0%} of the import" if told and min(told) < 1 else ""
