"""From what was seen and judged to the result file."""

from dataclasses import replace
from typing import Literal

from harness.dependencies.provider.ledger import Ledger
from harness.judgement import judge
from harness.observation import Observation, PeaksSeen
from harness.scenario import Scenario
from harness.stored import StoredDigest
from reports import result as report
from reports.result import Header, Result, RunBody


def run_result(
    scenario: Scenario,
    seen: Observation,
    stored: StoredDigest | None,
    shares: tuple[Ledger, ...],
    sampling: report.Sampling,
    header: Header,
) -> Result:
    """Judge what was seen and lay it out; `shares` is the ledger cut at the end of each round of imports."""
    verdict, reasons = judge(scenario, seen)
    body = RunBody(
        peak=_peak(seen.peaks),
        peak_sources=_sources(seen.peaks),
        oom_kills=seen.oom_kills,
        killed=", ".join(seen.killed) or None,
        exit=report.Exit(seen.exit.code, seen.exit.signal) if seen.exit else None,
        documents=_documents(seen),
        chunks_stored=sum(one.last.chunks_stored or 0 for one in seen.imports if one.last),
        chunks_per_s=_chunks_per_s(seen),
        provider=report.Provider(seen.ledger.requests, seen.ledger.inputs, seen.ledger.inputs_billed_twice),
        imports=_imports(seen, shares),
        digest=stored.digest if stored else None,
        cpu_s=round(seen.cpu_s, 3),
        restarts=seen.restarts,
        sampling=sampling,
        notes=seen.notes,
        not_exercised=_not_exercised(seen),
    )
    return Result(replace(header, verdict=verdict, reasons=reasons), body)


def _peak(peaks: PeaksSeen) -> report.Peak:
    return report.Peak(
        unreclaimable_bytes=peaks.unreclaimable_bytes,
        anon_bytes=peaks.anon_bytes,
        working_set_bytes=peaks.working_set_bytes,
        cgroup_bytes=peaks.kernel_cgroup_bytes or peaks.sampled_cgroup_bytes,
        rss_bytes=peaks.rss_bytes,
    )


def _sources(peaks: PeaksSeen) -> report.PeakSources:
    return report.PeakSources(
        unreclaimable_bytes=_sampled(peaks.unreclaimable_bytes),
        anon_bytes=_sampled(peaks.anon_bytes),
        working_set_bytes=_sampled(peaks.working_set_bytes),
        cgroup_bytes="kernel" if peaks.kernel_cgroup_bytes else _sampled(peaks.sampled_cgroup_bytes),
        rss_bytes="kernel" if peaks.rss_bytes is not None else None,
    )


def _sampled(figure: int | None) -> Literal["samples"] | None:
    return None if figure is None else "samples"


def _documents(seen: Observation) -> report.Documents:
    last = [one.last for one in seen.imports if one.last]
    return report.Documents(
        total=seen.documents_total,
        stored=sum(one.documents_done or 0 for one in last),
        failed=sum(one.documents_failed or 0 for one in last),
        duplicates=sum(one.duplicates or 0 for one in last),
    )


def _chunks_per_s(seen: Observation) -> float | None:
    """Over the imports that stored something, from each round's first 202 to its last commit of a chunk."""
    stored = [one for one in seen.imports if one.last and one.last.chunks_stored and one.chunks_s > 0]
    if not stored:
        return None
    seconds = sum(max((one.chunks_s for one in each.imports if one in stored), default=0.0) for each in seen.rounds)
    return round(sum(one.last.chunks_stored or 0 for one in stored if one.last) / seconds, 1)


def _imports(seen: Observation, shares: tuple[Ledger, ...]) -> tuple[report.Import, ...]:
    return tuple(
        report.Import(
            provider=report.ImportProvider(share.requests, share.inputs),
            documents=sum(one.documents for one in each.imports),
            chunks_stored=sum(one.last.chunks_stored or 0 for one in each.imports if one.last),
            unreclaimable_after_bytes=each.unreclaimable_after_bytes,
            unreclaimable_peak_bytes=each.peak_bytes,
        )
        for each, share in zip(seen.rounds, shares, strict=False)
    )


def _not_exercised(seen: Observation) -> tuple[str, ...]:
    return () if seen.ledger.requests else ("provider: the target never called it",)
