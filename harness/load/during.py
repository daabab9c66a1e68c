"""Looks after a load while it runs: the service, the generator, kills that were asked for, and when to end early."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.containers.container import Exit
from harness.load.generator import Generator
from harness.load.kills import Crash, revive, strike
from harness.load.live import Breaches, Now, RowTail
from harness.load.plan import Kill, LoadPlan
from harness.load.rows import Notes, Request, RunClock
from harness.service import Service, note_end

LOOK_EVERY_S = 0.25
OVERTIME_S = 90.0
"""Beyond all stages and the gathering of their users: then the generator hangs."""
_RESTARTS_MOST = 5


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked after; `service` is None where the load goes to a host that is not ours."""

    plan: LoadPlan
    generator: Generator
    rows_path: Path
    clock: RunClock
    service: Service | None
    memory_bytes: Callable[[], int | None]
    limit_bytes: int | None
    restart: bool
    show: Callable[[Now, str], None]
    misses: Callable[[int], bool]
    """Whether a stage that has just ended missed a threshold; asked by the shape `break` alone."""
    died: Callable[[], object]
    """Called while a killed service is gone."""
    stop: Callable[[Now], str | None] = lambda _: None
    """A reason to end at once, of whoever looks after the place where the load goes."""


@dataclass(slots=True)
class Course:
    """How it went; used by one thread."""

    now: Now = field(default_factory=Now)
    crashes: list[Crash] = field(default_factory=list)
    kills_left: list[Kill] = field(default_factory=list)
    aborted: str | None = None
    """The threshold whose breach lasted."""
    stopped: str | None = None
    lost: tuple[str, ...] = ()
    gone: Exit | None = None
    """How the service ended, once it is not started again."""
    broke_at: str | None = None
    hung: bool = False
    _boots: dict[int, str] = field(default_factory=dict)

    @property
    def is_gone_for_good(self) -> bool:
        """Whether a service that was killed did not come back."""
        return any(one.ready_s is None for one in self.crashes)


def look_after(watched: Watched) -> Course:
    """Until the load is over."""
    course = Course(kills_left=list(watched.plan.kills))
    tail = RowTail(watched.rows_path)
    breaches = Breaches(watched.plan.thresholds, watched.plan.abort_after_s or float("inf"), watched.limit_bytes)
    deadline_s = _deadline_s(watched.plan)
    while not watched.generator.ended:
        _take(watched, course, tail.read(), breaches)
        if time.monotonic() > deadline_s:
            course.hung = True
            break
        if _is_over(watched, course, breaches):
            watched.generator.ask_to_stop()
            break
        time.sleep(LOOK_EVERY_S)
    _take(watched, course, tail.read(), breaches)
    if watched.generator.ended and course.now.stages_ended < len(watched.plan.stages) and not course.now.unreached:
        course.lost = course.lost or watched.generator.lost or ("locust (it ended early)",)
    return course


def _deadline_s(plan: LoadPlan) -> float:
    return time.monotonic() + plan.seconds + len(plan.stages) * plan.ready_within_s + OVERTIME_S


def _take(watched: Watched, course: Course, rows: list[Notes], breaches: Breaches) -> None:
    for row in rows:
        if row["kind"] == "hello":
            course._boots[row["worker"]] = row["boot"]
        course.now.take(row, watched.clock)
        if row["kind"] == "stage" and row["state"] == "end" and watched.plan.shape == "break" and not course.broke_at:
            stage = watched.plan.stages[row["place"]]
            if stage.counted and watched.misses(row["place"]):
                course.broke_at = stage.name
    here = watched.clock.boot
    breaches.add(
        [
            Request(watched.clock.seconds(row, here=course._boots.get(row["worker"], here) == here), row["name"],
                    row["ms"] / 1000, row["bytes"], row["error"], row["stage"], row["worker"])
            for row in rows
            if row["kind"] == "request"
        ]
    )  # fmt: skip


def _is_over(watched: Watched, course: Course, breaches: Breaches) -> bool:
    """Look at everything that may end the load before its stages do."""
    place = course.now.stage
    stage = watched.plan.stages[place] if place >= 0 else None
    watched.show(course.now, stage.name if stage else "gathering users")
    if course.now.stages_ended < len(watched.plan.stages):
        course.lost = watched.generator.lost
    _kill_when_due(watched, course, stage.name if stage else None)
    _look_at_service(watched, course)
    now_s = time.monotonic() - watched.clock.started_monotonic_s
    if stage is not None and stage.counted and watched.plan.abort_after_s and not _just_crashed(course, now_s, watched):
        course.aborted = breaches.lasting(now_s, stage.name, watched.memory_bytes())
    course.stopped = watched.stop(course.now)
    return bool(
        course.is_gone_for_good or course.lost or course.gone or course.aborted or course.stopped or course.broke_at
    )


def _just_crashed(course: Course, now_s: float, watched: Watched) -> bool:
    lasting_s = watched.plan.abort_after_s or 0.0
    return any(one.ready_s is not None and now_s - one.ready_s < 2 * lasting_s for one in course.crashes)


def _kill_when_due(watched: Watched, course: Course, stage: str | None) -> None:
    if watched.service is None:
        return
    now_s = time.monotonic() - watched.clock.started_monotonic_s
    for kill in [one for one in course.kills_left if one.stage == stage]:
        if now_s - course.now.stage_began_s >= kill.after_s:
            course.kills_left.remove(kill)
            course.crashes.append(strike(watched.service, kill, watched.service.journal.clock, watched.died))


def _look_at_service(watched: Watched, course: Course) -> None:
    service = watched.service
    ended = service.container.poll() if service is not None else None
    if service is None or ended is None:
        return
    unplanned = sum(not one.planned for one in course.crashes)
    if watched.restart and not course.is_gone_for_good and unplanned < _RESTARTS_MOST:
        watched.died()
        course.crashes.append(revive(service, ended, service.journal.clock))
        return
    note_end(service, ended)
    course.gone = ended
