"""A sweep as a verb asks for it: its run directory, its study, what was found, and the result file."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from harness.scenario import Scenario
from harness.sweep.campaign import SweepOrder, Swept, run_sweep
from harness.sweep.findings import Findings
from harness.sweep.outcome import Heading, sweep_result
from harness.sweep.participant import Strategy
from harness.sweep.showing import Shown
from harness.sweep.storage import close_storage, open_storage, storage_url
from reports.kinds import markdown_of, write_any_report
from reports.result import SweepResult, write_result
from reports.run_directory import RESULT, run_directory

SUMMARY = "summary.md"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verb asks for."""

    scenario: Scenario
    mode: Literal["grid", "search", "claims"]
    axes: Mapping[str, Sequence[str]]
    """Every axis that a trial can set, with all its values."""
    strategy: Callable[[int], Strategy]
    findings: Callable[[Swept], Findings]
    runs_dir: Path
    postgres_url: str | None
    storage: str | None
    fresh: bool
    command: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The result, where its report is, and whether Ctrl-C ended it."""

    result: SweepResult
    report: Path
    interrupted: bool


def carry_out(asked: Asked) -> Answered:
    """Run the sweep, and write its result, summary, tables and report."""
    started_at, started_s, shown = datetime.now(UTC), time.monotonic(), Shown()
    # Refused before a folder is made for it.
    close_storage(open_storage(storage_url(asked.storage, asked.runs_dir)))
    with run_directory(asked.runs_dir, "sweep", started_at) as run_dir:
        swept = run_sweep(_order(asked, run_dir, shown))
        heading = Heading(asked.command, started_at, time.monotonic() - started_s, run_dir, asked.mode)
        result = sweep_result(asked.scenario, swept, asked.findings(swept), heading)
        write_result(run_dir / RESULT, result)
        (run_dir / SUMMARY).write_text(markdown_of(result), encoding="utf-8")
        return Answered(result, write_any_report(run_dir), swept.interrupted)


def _order(asked: Asked, run_dir: Path, shown: Shown) -> SweepOrder:
    return SweepOrder(
        scenario=asked.scenario,
        run_dir=run_dir,
        runs_dir=asked.runs_dir,
        postgres_url=asked.postgres_url,
        storage=asked.storage,
        command=asked.command,
        strategy=asked.strategy,
        axes=asked.axes,
        show=shown.standing,
        show_trial=shown.trial,
        fresh=asked.fresh,
    )
