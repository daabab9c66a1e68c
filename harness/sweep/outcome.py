"""From what a sweep has seen to its result file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from harness.header import header_of
from harness.scenario import Scenario
from harness.sweep.campaign import Swept
from harness.sweep.early_check import check_early
from harness.sweep.findings import Findings
from harness.sweep.judging import Judged
from harness.sweep.spec import ClaimSpec
from harness.sweep.trial import Trial
from reports import sweep_body as body
from reports.quantities import plural
from reports.result import Header, Reason, SweepResult, Verdict


@dataclass(frozen=True, slots=True)
class Heading:
    """What the result says of the command itself."""

    command: str
    started_at: datetime
    duration_s: float
    run_dir: Path
    mode: str


def sweep_result(scenario: Scenario, swept: Swept, findings: Findings, heading: Heading) -> SweepResult:
    """Lay out what was found, and judge whether every trial ended or its end is explained."""
    verdict, reasons = verdict_of(swept)
    return SweepResult(
        _header(scenario, swept, heading, verdict, reasons),
        body.SweepBody(
            mode=heading.mode,
            study=swept.study,
            storage=swept.storage,
            participants=max(1, len({one.participant for one in swept.trials})),
            complete=swept.complete,
            axes=tuple(body.SweepAxis(axis, tuple(values)) for axis, values in scenario.sweep.axes.items()),
            lifted_bytes=swept.lifted_bytes,
            trials=tuple(_trial(one, heading.run_dir) for one in swept.trials),
            cells=findings.cells,
            model=findings.model,
            recommendation=findings.recommendation,
            smallest_limit_bytes=findings.smallest_limit.bytes if findings.smallest_limit else None,
            smallest_limit=findings.smallest_limit,
            plans=findings.plans,
            claims=tuple(claim_of(one) for one in findings.claims),
            early_stopping=check_early(swept.trials),
            provider=_provider(scenario),
            notes=findings.notes,
        ),
    )


def verdict_of(swept: Swept) -> tuple[Verdict, tuple[Reason, ...]]:
    """PASS when every trial ended or its end is explained; INVALID when nothing was measured."""
    trials = swept.trials
    measured = [one for one in trials if one.measured.peak_bytes is not None]
    killed = [one for one in trials if one.measured.end == "killed"]
    failed = [one for one in trials if one.measured.end == "failed"]
    refused = [one for one in trials if one.measured.end == "not_started"]
    if not measured and not killed:
        told = f" The first one: {refused[0].measured.why}" if refused else ""
        if not trials and not swept.interrupted:
            told = " The time (--for) was over before one could be run."
        return Verdict.INVALID, (Reason("nothing_measured", f"No trial measured anything.{told}"),)
    if failed:
        first = failed[0].measured
        text = f"{plural(len(failed), 'trial')} went wrong; the first one: {first.why}"
        return Verdict.FAIL, (Reason("trial_failed", text),)
    remarks = tuple(_remarks(swept, refused))
    # A claim of which one side does not even start was not measured.
    one_sided = any(one.task.part == "claim" for one in refused)
    return Verdict.INVALID if one_sided else Verdict.PASS, remarks


def _remarks(swept: Swept, refused: Sequence[Trial]) -> list[Reason]:
    found = []
    if refused:
        text = f"In {plural(len(refused), 'trial')} the target did not start; the first one: {refused[0].measured.why}"
        found.append(Reason("not_started", text))
    if swept.interrupted:
        found.append(Reason("interrupted", "It was interrupted; the same command goes on where it stopped."))
    elif not swept.complete:
        found.append(Reason("time_over", "The time was over; the same command goes on where it stopped."))
    return found


def claim_of(judged: Judged) -> body.Claim:
    """A judged claim as the result has it."""
    spec, before, after, saved = judged.sides.claim, judged.before, judged.after, judged.saved
    known = saved is not None and saved.low is not None and saved.high is not None
    elsewhere = spec.elsewhere
    return body.Claim(
        name=spec.name,
        on=judged.sides.on,
        knob=spec.knobs,
        from_=spec.before,
        to=spec.after,
        claimed_bytes=_claimed(spec),
        measured_bytes=saved.mean if saved else None,
        interval_bytes=(saved.low, saved.high) if saved and known else (),  # type: ignore[arg-type]
        threshold_bytes=judged.threshold_bytes,
        verdict=judged.verdict,
        why=judged.why,
        rounds=judged.rounds,
        peak_from_bytes=before.peak_bytes,
        peak_to_bytes=after.peak_bytes,
        requests_from=before.requests,
        requests_to=after.requests,
        embedding_requests_from=before.embedding_requests,
        embedding_requests_to=after.embedding_requests,
        import_from_s=before.import_s,
        import_to_s=after.import_s,
        survives_from=before.survives,
        survives_to=after.survives,
        elsewhere=elsewhere,
    )  # fmt: skip


def _claimed(spec: ClaimSpec) -> int | tuple[int, ...] | None:
    if spec.saves_bytes is None:
        return None
    low, high = spec.saves_bytes
    return low if low == high else (low, high)


def _trial(trial: Trial, run_dir: Path) -> body.SweepTrial:
    task, measured = trial.task, trial.measured
    return body.SweepTrial(
        number=trial.number,
        part=task.part,
        setting=dict(task.setting),
        repeat=task.repeat,
        limit_bytes=task.limit_bytes,
        end=measured.end,
        why=measured.why,
        peak_bytes=measured.peak_bytes,
        chunks_per_s=measured.chunks_per_s,
        requests=measured.requests,
        calls_per_1000_inputs=measured.calls_per_1000_inputs,
        duration_s=measured.duration_s,
        participant=trial.participant,
        directory=os.path.relpath(measured.directory, run_dir) if Path(measured.directory).is_dir() else "",
    )


def _provider(scenario: Scenario) -> dict[str, float]:
    settings = scenario.provider
    return {
        "latency_request_ms": settings.latency_request_ms,
        "latency_input_ms": settings.latency_input_ms,
        "llm_latency_ms": settings.llm_latency_ms,
        "rate_limit": settings.rate_limit,
    }


def _header(
    scenario: Scenario, swept: Swept, heading: Heading, verdict: Verdict, reasons: tuple[Reason, ...]
) -> Header:
    header = header_of(scenario, swept.held, heading.command, heading.started_at)
    return replace(header, verdict=verdict, reasons=reasons, duration_s=round(heading.duration_s, 3))
