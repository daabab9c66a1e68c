"""A constant rate of arrivals, whatever the service does: each is taken by a free user, or noted as turned away."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import gevent
from gevent.queue import Queue


@dataclass(frozen=True, slots=True)
class Arrival:
    """One piece of work that somebody came with at `due_s`."""

    due_s: float


class Arrivals:
    """The arrivals of one worker; its users wait for them."""

    def __init__(self) -> None:
        self._queue: Queue[Arrival] = Queue()
        self._free = 0
        self._coming: gevent.Greenlet | None = None

    @property
    def free(self) -> int:
        """Users that wait for an arrival."""
        return self._free

    def begin(self, rate_per_s: float, first_s: float, turned_away: Callable[[Arrival], None]) -> None:
        """Let them come from `first_s` on, `rate_per_s` a second, until `end`."""
        self.end()
        self._coming = gevent.spawn(self._come, rate_per_s, first_s, turned_away)

    def end(self) -> None:
        """No more come."""
        if self._coming is not None:
            self._coming.kill()
        self._coming = None

    def take(self) -> Arrival:
        """Wait for the next one."""
        self._free += 1
        try:
            arrival: Arrival = self._queue.get()
        except BaseException:
            self._free -= 1  # the user was stopped while it waited
            raise
        return arrival

    def _come(self, rate_per_s: float, first_s: float, turned_away: Callable[[Arrival], None]) -> None:
        number = 0
        while True:
            due_s = first_s + number / rate_per_s
            gevent.sleep(max(due_s - time.monotonic(), 0))
            arrival = Arrival(due_s)
            if self._free > 0:
                self._free -= 1
                self._queue.put(arrival)
            else:
                turned_away(arrival)
            number += 1
