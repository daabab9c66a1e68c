"""Makes the kernel kill a container's process for memory: the limit goes down to what is in use, and stays there."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all

from harness.containers.container import Container, Exit
from harness.errors import BackendError

KILLED_WITHIN_S = 2.0
_SMALLEST_BYTES = 64 * 1024
_POKES_AT_ONCE = 24
"""One call after the other finds the memory of the one before; so many at once need pages of their own."""
_TRIES = 12
_SQUEEZE_EVERY_S = 0.02
_PAGE_BYTES = 4096


def lower(container: Container) -> None:
    """Set the lowest limit that the kernel accepts: on v1 it refuses one below what it cannot reclaim."""
    margin_bytes = _SMALLEST_BYTES
    for _ in range(_TRIES):
        try:
            container.set_limit(container.sample().unreclaimable_bytes + margin_bytes)
        except (OSError, BackendError):
            margin_bytes *= 2
        else:
            return


def squeeze(
    container: Container, wait: Callable[[float], Exit | None], poke: Callable[[], object], within_s: float
) -> Exit | None:
    """Keep the limit just above what is in use, which goes down now and then, until the process is killed for it.

    `poke` gives the process something to do meanwhile; None when it still lives after `within_s`.
    """
    deadline_s = time.monotonic() + within_s
    with ThreadPoolExecutor(_POKES_AT_ONCE) as pool:
        while time.monotonic() < deadline_s:
            if (ended := wait(_SQUEEZE_EVERY_S)) is not None:
                return ended
            with contextlib.suppress(OSError, BackendError):
                container.set_limit(container.sample().total_bytes + _PAGE_BYTES)
            wait_for_all(
                [pool.submit(poke) for _ in range(_POKES_AT_ONCE)], timeout=max(0.0, deadline_s - time.monotonic())
            )
    return None
