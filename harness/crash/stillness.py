"""Notices that the machine, or the harness in it, stood still: time-outs that ran out then say nothing of a target.

Every message of a target goes through the harness's process. While that does not run (a virtual machine that is
paused, a CPU that others take), answers come late, the target gives up waiting for them and asks again, and it is
billed twice for what nobody crashed.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

STOOD_STILL_S = 0.75
"""Shorter than the shortest time-out of the crash scenario, the second after which a worker counts as stalled."""
_TICK_S = 0.05


@dataclass(slots=True)
class Stillness:
    """Written by one thread, read by any."""

    pauses: list[tuple[float, float]] = field(default_factory=list)
    """When each one ended, by the monotonic clock, and how many seconds it had lasted."""

    def longest_s(self, since_s: float) -> float:
        """The longest pause that ended after `since_s`; 0 where there was none."""
        return max((lasted_s for ended_s, lasted_s in self.pauses if ended_s >= since_s), default=0.0)

    def look(self, wait: Callable[[float], bool], clock: Callable[[], float]) -> None:
        """Tick until `wait` says that it is over, and note each tick that came late."""
        last_s = clock()
        while not wait(_TICK_S):
            now_s = clock()
            if now_s - last_s >= STOOD_STILL_S:
                self.pauses.append((now_s, now_s - last_s))
            last_s = now_s


@contextlib.contextmanager
def watch_stillness() -> Iterator[Stillness]:
    """Look in a thread of its own until the end of the block."""
    found, over = Stillness(), threading.Event()
    thread = threading.Thread(target=found.look, args=(over.wait, time.monotonic), name="stillness", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
