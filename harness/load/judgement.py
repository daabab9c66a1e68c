"""The verdict of a load run: a pure function from what was seen to PASS, FAIL or INVALID with its reasons."""

from collections.abc import Iterator

from harness.load.generator_quality import generator_doubts, rate_failures
from harness.load.judged_thresholds import judge_threshold
from harness.load.seen import JobEnd, LoadSeen
from reports.load_body import ThresholdResult
from reports.load_quantities import show
from reports.result import Reason, Verdict


def judge_load(seen: LoadSeen) -> tuple[Verdict, tuple[Reason, ...], tuple[ThresholdResult, ...]]:
    """INVALID where the generator, or nothing, was measured; FAIL where the service missed something."""
    results = tuple(judge_threshold(one, seen) for one in seen.plan.thresholds)
    doubts = (*_nothing(seen), *generator_doubts(seen))
    failures = (*_failures(seen), *_missed(results))
    died = seen.gone is not None or any(not one.planned or one.ready_s is None for one in seen.crashes)
    if doubts and not died:
        return Verdict.INVALID, (*doubts, *failures), results
    if failures:
        return Verdict.FAIL, (*failures, *doubts), results
    soft = (*_too_few(seen), *_not_shown(results), *_nothing_new(seen))
    return (Verdict.INVALID, soft, results) if soft else (Verdict.PASS, (), results)


def _nothing(seen: LoadSeen) -> Iterator[Reason]:
    if not seen.requests:
        yield Reason("nothing_sent", "No request was made in a stage that counts, so nothing was measured.")
    if seen.stopped is not None:
        yield Reason("stopped", f"The load was ended before its time: {seen.stopped}.")
    found = seen.provided
    if found is not None and found.unknown_endpoints:
        named = ", ".join(found.unknown_endpoints[:5])
        yield Reason("unknown_endpoint", f"The target called what the provider stub does not know: {named}.")
    attempts = (*(found.outbound if found else ()), *seen.outbound)
    if attempts:
        named = ", ".join(attempts[:5])
        yield Reason("outbound_attempt", f"The target tried to reach {named}, which it does not declare.")
    for crash in seen.crashes:
        if not crash.struck:
            yield Reason("not_killed", f"The kill ({crash.kind}) that the scenario asks for did not happen.")
    if len([one for one in seen.crashes if one.planned]) < len(seen.plan.kills) and not seen.gone:
        yield Reason("not_killed", "The load ended before the service was killed as the scenario asks for.")


def _too_few(seen: LoadSeen) -> Iterator[Reason]:
    """Also where no threshold asks for them: a pass says that a load was held."""
    if len(seen.requests) < seen.plan.minimum_samples:
        text = f"Only {len(seen.requests)} requests were made, and at least {seen.plan.minimum_samples} are needed."
        yield Reason("not_enough_measured", text)


def _nothing_new(seen: LoadSeen) -> Iterator[Reason]:
    """Uploads of what is stored already cost the service nothing, so they say nothing about it."""
    if not seen.plan.imports or seen.plan.reimport:
        return
    new = seen.provided.new_inputs if seen.provided is not None else sum(one.chunks_stored for one in seen.ends)
    if not new:
        yield Reason("nothing_billed", "No upload led to a new billed input, so no import was really measured.")


def _missed(results: tuple[ThresholdResult, ...]) -> Iterator[Reason]:
    for one in results:
        if one.verdict == "FAIL":
            yield Reason("threshold_missed", f"{one.name} {one.sign} {show(one.limit, one.unit)}: {one.detail}.")


def _not_shown(results: tuple[ThresholdResult, ...]) -> Iterator[Reason]:
    for one in results:
        if one.verdict == "INVALID":
            text = f"{one.name} {one.sign} {show(one.limit, one.unit)} cannot be judged: {one.detail}."
            yield Reason("not_enough_measured", text)


def _failures(seen: LoadSeen) -> Iterator[Reason]:
    unplanned = [one for one in seen.crashes if not one.planned]
    if (seen.gone and seen.gone.oom_killed) or any(one.kind == "oom" for one in unplanned):
        who = ", ".join(seen.killed) or "a process of the target"
        yield Reason("oom_killed", f"Out of memory under load: {who} was killed.")
    elif seen.gone or unplanned:
        how = (seen.gone.signal or f"status {seen.gone.code}") if seen.gone else "and was started again"
        yield Reason("target_exited", f"The target ended by itself ({how}); its log says more.")
    if any(one.ready_s is None for one in seen.crashes):
        yield Reason("not_ready_again", "The target was killed, and was not ready again in time; its log says more.")
    if seen.aborted:
        yield Reason("aborted", f"The run was ended because {seen.aborted!r} was missed for {_lasting(seen)} on end.")
    yield from rate_failures(seen)
    lost = [one for one in seen.ends if one.is_lost]
    if lost:
        text = f"{len(lost)} acknowledged imports are not there, or not whole: {_first(lost)}."
        yield Reason("acknowledged_lost", text)
    failed = [one for one in seen.ends if one.state in ("failed", "cancelled")]
    if failed:
        yield Reason("imports_failed", f"{len(failed)} imports ended as {failed[0].state}: {failed[0].job_id}.")
    if not seen.drained and not lost and not seen.gone:
        left = sum(not one.is_complete for one in seen.ends)
        yield Reason("not_drained", f"{left} imports were not over {seen.plan.drain_s:g} s after the load had gone.")
    for one in seen.invariants:
        if one.judgement.outcome == "broken":
            yield Reason(one.name, f"{one.sentence} But: {one.judgement.detail}.")


def _first(lost: list[JobEnd]) -> str:
    one = lost[0]
    return f"{one.job_id} is unknown" if one.state is None else f"{one.job_id} has {one.settled} of {one.documents}"


def _lasting(seen: LoadSeen) -> str:
    return f"{seen.plan.abort_after_s or 0:g} s"
