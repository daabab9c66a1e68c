"""Runs the cycles of a schedule, several beside each other, and reduces what fails to its fewest crash points."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.corpora.corpus import digest_of
from harness.crash.baseline import Recorded, record
from harness.crash.faults.registry import check_point
from harness.crash.ground import Ground, open_ground, turns
from harness.crash.judged_cycle import CycleResult, judged_cycle
from harness.crash.schedules.schedule import Choice, Job, Schedule
from harness.dependencies.boundary.points import CrashPoint, parse_points
from harness.dependencies.postgres import describe
from harness.header import Held, inside_of
from harness.scenario import Scenario


@dataclass(frozen=True, slots=True)
class CrashOrder:
    """One campaign that was asked for."""

    scenario: Scenario
    schedule: Schedule
    choice: Choice
    only: str | None
    """Crash points as the command line writes them (`…@…/…`), or a part of the names of those to be run."""
    parallel: int
    fail_fast: bool
    run_dir: Path
    postgres_url: str | None
    show: Callable[["CampaignProgress"], None]
    failed: Callable[[CycleResult, tuple[Recorded, ...]], None]
    """Called for each cycle in which an invariant did not hold, reduced already."""


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """How far a campaign is; the estimate is None while nothing is known."""

    phase: str
    done: int = 0
    known: int = 0
    """Cycles that are known to be run; some schedules find more as they go."""
    failed: int = 0
    elapsed_s: float = 0.0
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """All that a campaign has seen."""

    recorded: tuple[Recorded, ...]
    results: tuple[CycleResult, ...]
    extra_cycles: int
    elapsed_s: float
    """Of the cycles alone."""
    held: Held


@dataclass(slots=True)
class _Going:
    """The state of a campaign under way; used by one thread."""

    waiting: deque[Job]
    running: dict[Future[CycleResult], Job] = field(default_factory=dict)
    results: list[CycleResult] = field(default_factory=list)
    extra_cycles: int = 0
    failed: int = 0


def run_campaign(order: CrashOrder) -> Ran:
    """Record each turn without faults, then run every job of the schedule and what follows from it."""
    order.show(CampaignProgress("starting Postgres and the boundary"))
    with open_ground(order.scenario, order.run_dir, order.postgres_url) as ground:
        recorded = tuple(_recorded(order, ground))
        jobs = _chosen(order, recorded)
        going = _Going(deque(jobs))
        started_s = time.monotonic()
        with ThreadPoolExecutor(order.parallel, "cycle") as pool:
            try:
                _run_all(order, ground, recorded, going, pool, started_s)
            finally:
                going.waiting.clear()
        return Ran(
            recorded,
            tuple(going.results),
            going.extra_cycles,
            time.monotonic() - started_s,
            Held(
                ground.backend.name,
                ground.backend.simulated,
                describe(ground.server).text,
                digest_of(ground.corpus),
                inside=inside_of(ground.backend, order.scenario, order.run_dir),
            ),
        )


def _recorded(order: CrashOrder, ground: Ground) -> Sequence[Recorded]:
    scenarios = turns(order.scenario)
    found = []
    for place, scenario in enumerate(scenarios, 1):
        order.show(CampaignProgress(f"recording an uncrashed run, {place} of {len(scenarios)}"))
        found.append(record(ground, scenario))
    return found


def _chosen(order: CrashOrder, recorded: tuple[Recorded, ...]) -> Sequence[Job]:
    only = order.only
    if only is not None and "@" in only:
        points = parse_points(only)
        for point in points:
            check_point(point)
        return [Job(turn, points) for turn in range(len(recorded))]
    jobs = order.schedule.first(recorded, order.choice)
    return [job for job in jobs if only is None or only in str(job)]


def _run_all(
    order: CrashOrder,
    ground: Ground,
    recorded: tuple[Recorded, ...],
    going: _Going,
    pool: ThreadPoolExecutor,
    started_s: float,
) -> None:
    while going.waiting or going.running:
        while going.waiting and len(going.running) < order.parallel:
            job = going.waiting.popleft()
            going.running[pool.submit(judged_cycle, ground, recorded[job.turn], job)] = job
        for future in wait(going.running, return_when=FIRST_COMPLETED).done:
            del going.running[future]
            _take(order, ground, recorded, going, future.result())
        order.show(_progress(going, time.monotonic() - started_s))
        if order.fail_fast and going.failed:
            going.waiting.clear()


def _take(
    order: CrashOrder, ground: Ground, recorded: tuple[Recorded, ...], going: _Going, result: CycleResult
) -> None:
    """Keep a result, queue what follows from it, and tell of a failure once it is reduced."""
    explicit = order.only is not None and "@" in order.only
    if result.outcome is not None and not explicit:
        going.waiting.extend(order.schedule.then(result.job, result.outcome, order.choice))
    if result.broken:
        going.failed += 1
        result, cycles = reduced(result, lambda job: judged_cycle(ground, recorded[job.turn], job))
        going.extra_cycles += cycles
        order.failed(result, recorded)
    going.results.append(replace(result, outcome=None))


def reduced(result: CycleResult, again: Callable[[Job], CycleResult]) -> tuple[CycleResult, int]:
    """The failing cycle with the fewest points that still breaks one of the same invariants, and the cycles it took."""
    cycles, points = 0, result.job.points
    while len(points) > 1:
        smaller = _smaller(result, points, again)
        cycles += len(points) if smaller is None else 1
        if smaller is None:
            break
        result, points = smaller, smaller.job.points
    return result, cycles


def _smaller(
    result: CycleResult, points: tuple[CrashPoint, ...], again: Callable[[Job], CycleResult]
) -> CycleResult | None:
    for place in range(len(points)):
        fewer = again(replace(result.job, points=(*points[:place], *points[place + 1 :])))
        if set(fewer.broken) & set(result.broken):
            return fewer
    return None


def _progress(going: _Going, elapsed_s: float) -> CampaignProgress:
    done, left = len(going.results), len(going.waiting) + len(going.running)
    left_s = elapsed_s / done * left if done else None
    return CampaignProgress("crashing", done, done + left, going.failed, elapsed_s, left_s)
