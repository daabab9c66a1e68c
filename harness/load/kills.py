"""Kills the service while the load runs, as the scenario says, and starts it again."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.client import is_ready
from harness.containers.container import Exit, wait_for_exit
from harness.containers.squeezing import lower, squeeze
from harness.errors import TargetError
from harness.load.plan import Kill
from harness.service import Service, note_end, start

_SQUEEZE_S = 15.0
_DIES_WITHIN_S = 10.0
_RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Crash:
    """A time in which the service was not there."""

    kind: str
    start_s: float
    ready_s: float | None
    """None where it was not ready again in time."""
    planned: bool
    start_t: float
    """The same start as Unix time, which the provider's ledger uses."""
    struck: bool = True
    """False where the kill did not happen."""


def strike(service: Service, kill: Kill, clock: Callable[[], float], died: Callable[[], object]) -> Crash:
    """Do it, have `died` look at what is left while nothing runs, and return when the service is ready again."""
    start_s, start_t = clock(), time.time()
    ended = _out_of_memory(service) if kill.how == "oom" else _killed(service)
    if ended is None:
        return Crash(kill.how, start_s, start_s, planned=True, start_t=start_t, struck=False)
    note_end(service, ended)
    died()
    time.sleep(kill.down_s)
    return Crash(kill.how, start_s, _ready_again(service, clock), planned=True, start_t=start_t)


def revive(service: Service, ended: Exit, clock: Callable[[], float]) -> Crash:
    """Start a service again that ended although nobody asked it to."""
    start_s, start_t = clock(), time.time()
    note_end(service, ended)
    kind = "oom" if ended.oom_killed else "exit"
    return Crash(kind, start_s, _ready_again(service, clock), planned=False, start_t=start_t)


def _ready_again(service: Service, clock: Callable[[], float]) -> float | None:
    """When it was; None where it never came to that, which is for the verdict to tell."""
    try:
        start(service, _RESTART)
    except TargetError as error:
        service.journal.write("not_ready", text=str(error))
        return None
    return clock()


def _out_of_memory(service: Service) -> Exit | None:
    """The kernel kills it: the limit goes down to what it has, and the load that goes on is too much."""
    container = service.container
    lower(container)
    ended = squeeze(
        container, lambda s: wait_for_exit(container, s), lambda: is_ready(service.client), _SQUEEZE_S
    )  # fmt: skip
    container.set_limit(service.scenario.limit_bytes)
    return ended


def _killed(service: Service) -> Exit | None:
    service.container.signal(signal.SIGKILL)
    return wait_for_exit(service.container, _DIES_WITHIN_S)
