"""From what a campaign has seen to its result file."""

from datetime import datetime

from harness.corpora.corpus import digest_of
from harness.crash.campaign import Ran
from harness.crash.tally import Campaign, body_of, verdict_of
from harness.fingerprint import take_fingerprint
from harness.scenario import Scenario
from reports.result import CrashResult, Header


def crash_result(
    scenario: Scenario, ran: Ran, campaign: Campaign, command: str, started_at: datetime, duration_s: float
) -> CrashResult:
    """Add the cycles up, judge the campaign, and lay it out."""
    body = body_of(campaign, ran.results, ran.extra_cycles)
    verdict, reasons = verdict_of(body)
    header = Header(
        verdict=verdict,
        reasons=reasons,
        scenario=scenario.name,
        target=scenario.target.name,
        backend=ran.backend,
        simulated=ran.simulated,
        limit_bytes=scenario.limit_bytes,
        budget_bytes=scenario.budget_bytes,
        knobs=dict(scenario.knobs),
        fingerprint=take_fingerprint(
            corpus_digest=digest_of(ran.corpus),
            knobs=scenario.knobs,
            limit_bytes=scenario.limit_bytes,
            cpus=scenario.cpus,
            backend=ran.backend,
            target_env={},
            postgres=ran.postgres,
        ),
        started_at=started_at.isoformat(timespec="seconds"),
        duration_s=round(duration_s, 3),
        command=command,
    )
    return CrashResult(header, body)
