"""From what a campaign has seen to its result file."""

from dataclasses import replace
from datetime import datetime

from harness.crash.campaign import Ran
from harness.crash.tally import Campaign, body_of, verdict_of
from harness.header import header_of
from harness.scenario import Scenario
from reports.result import CrashResult


def crash_result(
    scenario: Scenario, ran: Ran, campaign: Campaign, command: str, started_at: datetime, duration_s: float
) -> CrashResult:
    """Add the cycles up, judge the campaign, and lay it out."""
    body = body_of(campaign, ran.results, ran.extra_cycles)
    verdict, reasons = verdict_of(body)
    header = header_of(scenario, ran.held, command, started_at)
    header = replace(header, verdict=verdict, reasons=reasons, duration_s=round(duration_s, 3))
    return CrashResult(header, body)
