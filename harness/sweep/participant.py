"""One participant of a study: takes a task, runs it, counts it, until nothing is wanted or the time is over."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from harness.sweep.running import CutOffError
from harness.sweep.study import Study, Taken
from harness.sweep.trial import Measured, Task, Trial, name_of

_LOOK_AGAIN_S = 0.5
DURATION_UNKNOWN_S = 10.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted next of a study: tasks in the order of their use, and how many more will come after them."""

    tasks: Sequence[Task]
    later: int = 0
    """A guess, for the time that is left."""
    phase: str = ""


class Strategy(Protocol):
    """What a study is after; a pure function of its trials, so that every participant wants the same."""

    def wanted(self, done: Sequence[Trial], left_s: float | None) -> Wanted:
        """The tasks that are still to be run; none ends the study."""
        ...

    def told(self, done: Sequence[Trial]) -> str:
        """The best answer so far, in a sentence."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a study is, for whoever looks on."""

    phase: str
    done: int
    left: int
    left_s: float | None
    told: str
    running: str


@dataclass(frozen=True, slots=True)
class Part:
    """What a participant is given."""

    study: Study
    strategy: Strategy
    run: Callable[[Taken, Callable[[], bool]], Measured]
    """Runs what was taken, until it is told that the time is over."""
    show: Callable[[Standing], None]
    deadline_s: float | None
    """On the monotonic clock."""
    stopped: Event = field(default_factory=Event)
    """Set where somebody wants it to end now."""


def take_part(part: Part) -> bool:
    """Work until the study is complete; False when the time was over first."""
    while not part.stopped.is_set():
        done = part.study.done()
        left_s = _left_s(part)
        wanted = part.strategy.wanted(done, left_s)
        if not wanted.tasks:
            part.study.settle()
            return wanted.later == 0
        taken = part.study.take(wanted.tasks)
        part.show(_standing(part, wanted, done, taken))
        if taken is not None:
            if not _work(part, taken):
                return False
        elif left_s is not None and left_s <= 0:
            return False
        else:
            part.stopped.wait(_LOOK_AGAIN_S)  # others work on what is left
    return False


def typical_s(done: Sequence[Trial]) -> float:
    """How long a trial takes: the longer ones of the last ten, so that an end is not promised too early."""
    last = sorted(one.measured.duration_s for one in done[-10:])
    return last[int(0.8 * (len(last) - 1))] if last else DURATION_UNKNOWN_S


def _work(part: Part, taken: Taken) -> bool:
    """Run and count a trial; False when the deadline cut it off."""
    try:
        with part.study.beating(taken):
            measured = part.run(taken, lambda: _is_over(part))
    except CutOffError:
        part.study.give_back(taken)
        return False
    except BaseException:
        part.study.give_back(taken)
        raise
    part.study.finish(taken, measured)
    return True


def _is_over(part: Part) -> bool:
    left_s = _left_s(part)
    return part.stopped.is_set() or (left_s is not None and left_s <= 0)


def _left_s(part: Part) -> float | None:
    return None if part.deadline_s is None else part.deadline_s - time.monotonic()


def _standing(part: Part, wanted: Wanted, done: Sequence[Trial], taken: Taken | None) -> Standing:
    left = len(wanted.tasks) + wanted.later
    by_work_s = left * typical_s(done) / max(1, part.study.others)
    by_clock_s = _left_s(part)
    left_s = by_work_s if by_clock_s is None else min(by_work_s, max(0.0, by_clock_s))
    running = f"{taken.task.part} {name_of(taken.task.setting)}" if taken else "waiting for other participants"
    return Standing(wanted.phase, len(done), left, left_s, part.strategy.told(done), running)
