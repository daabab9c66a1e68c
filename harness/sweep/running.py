"""ONE trial: a run of its setting, watched for its plateau, and what it says."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.dependencies.provider.ledger import read_ledger
from harness.errors import KilledAtStartError, TargetError
from harness.run import Order, run
from harness.scenario import Scenario
from harness.sweep.axes import Surroundings, surroundings_of
from harness.sweep.ground import Ground
from harness.sweep.plateau import Projected, Watch, project
from harness.sweep.trial import End, Foreseen, Measured, Task
from reports.html import write_report
from reports.progress import Progress
from reports.result import Result
from reports.run_directory import LEDGER

_CHAT = ".chat"


@dataclass(frozen=True, slots=True)
class Settings:
    """What all trials of a participant have in common."""

    scenario: Scenario
    ground: Ground
    command: str
    early_stopping: bool
    show: Callable[[Progress], None]


class CutOffError(Exception):
    """The time that the sweep had was over in the middle of a trial, which says nothing then."""


def run_trial(settings: Settings, task: Task, trial_dir: Path, is_over: Callable[[], bool]) -> Measured:
    """Run it and tell what was seen; only trouble of the harness itself raises, and CutOffError when time is over."""
    started_s = time.monotonic()
    trial_dir.mkdir(parents=True)
    watch, surroundings = Watch(), _surroundings(settings.scenario, task)
    may_stop = settings.early_stopping and not task.whole

    def enough(progress: Progress) -> bool:
        plateau = watch.see(progress)
        return (plateau and may_stop) or is_over()

    try:
        result = _run(settings, surroundings, trial_dir, enough)
    except KilledAtStartError as error:
        return _failed("killed", str(error), started_s, trial_dir)
    except TargetError as error:
        return _failed("not_started", str(error), started_s, trial_dir)
    stopped = any(one.code == "stopped_early" for one in result.header.reasons)
    if stopped and not (may_stop and watch.reached):
        raise CutOffError
    write_report(trial_dir)
    return _measured(result, watch, time.monotonic() - started_s, trial_dir)


def _run(settings: Settings, surroundings: Surroundings, trial_dir: Path, enough: Callable[[Progress], bool]) -> Result:
    with settings.ground.database(surroundings.database_latency_s, trial_dir) as url:
        return run(Order(surroundings.scenario, trial_dir, url, settings.command, settings.show, enough=enough))


def _surroundings(scenario: Scenario, task: Task) -> Surroundings:
    """The surroundings of the setting, under the limit of the task; the page cache is warm already."""
    found = surroundings_of(scenario, task.setting)
    budget_bytes = int(task.limit_bytes * scenario.budget_bytes / scenario.limit_bytes)
    target = replace(found.scenario.target, warm=())
    changed = replace(
        found.scenario, target=target, limit_bytes=task.limit_bytes, budget_bytes=budget_bytes, restart="no"
    )
    return replace(found, scenario=changed)


def _failed(end: End, why: str, started_s: float, trial_dir: Path) -> Measured:
    return Measured(end, why, duration_s=time.monotonic() - started_s, directory=str(trial_dir))


def _measured(result: Result, watch: Watch, duration_s: float, trial_dir: Path) -> Measured:
    body, end, reached = result.body, _end_of(result), watch.reached
    embedding = _embedding(trial_dir / LEDGER)
    projected = project(watch.looks) if end == "stopped_early" else _seen(result)
    return Measured(
        end=end,
        why=" ".join(one.text for one in result.header.reasons),
        passed=_passed(result, end),
        peak_bytes=None if end == "killed" else body.peak.unreclaimable_bytes,
        chunks_per_s=projected.chunks_per_s if projected else None,
        import_s=projected.import_s if projected else None,
        requests=body.provider.requests,
        embedding_requests=embedding.requests,
        calls_per_1000_inputs=embedding.calls_per_1000_inputs,
        duration_s=round(duration_s, 3),
        directory=str(trial_dir),
        foreseen=_foreseen(watch) if end == "whole" and reached else None,
    )


@dataclass(frozen=True, slots=True)
class Embedding:
    """What the ledger has of embedding requests alone."""

    requests: int
    inputs: int

    @property
    def calls_per_1000_inputs(self) -> float | None:
        """Requests for 1,000 of their inputs."""
        return 1000 * self.requests / self.inputs if self.inputs else None


def _embedding(ledger_path: Path) -> Embedding:
    endpoints = [one for one in read_ledger(ledger_path).endpoints if not one.endpoint.endswith(_CHAT)]
    return Embedding(sum(one.requests for one in endpoints), sum(one.inputs for one in endpoints))


def _end_of(result: Result) -> End:
    codes = {one.code for one in result.header.reasons}
    if result.body.oom_kills:
        return "killed"
    if codes - {"over_budget", "stopped_early"}:
        return "failed"
    return "stopped_early" if "stopped_early" in codes else "whole"


def _passed(result: Result, end: End) -> bool:
    """Whether it was within its budget, and survived."""
    return end in ("whole", "stopped_early") and all(one.code == "stopped_early" for one in result.header.reasons)


def _seen(result: Result) -> Projected | None:
    rate, chunks = result.body.chunks_per_s, result.body.chunks_stored
    return Projected(chunks / rate, rate) if rate and chunks else None


def _foreseen(watch: Watch) -> Foreseen | None:
    if watch.reached is None:
        return None
    until = watch.looks[: watch.looks.index(watch.reached) + 1]
    projected = project(until)
    return Foreseen(watch.reached.share, watch.reached.peak_bytes, projected.chunks_per_s if projected else None)
