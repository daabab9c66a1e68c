"""The kernel kills the process for memory, for real."""

import contextlib
import time
from dataclasses import dataclass

from harness.client import is_ready
from harness.containers.container import Exit
from harness.crash.faults.fault import NotExercised, Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message
from harness.errors import BackendError

_SMALLEST_BYTES = 64 * 1024
_KILLED_WITHIN_S = 2.0
_TRIES = 12
_SQUEEZE_EVERY_S = 0.02
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """The limit goes down to just above what cannot be reclaimed; the message goes on, and its memory is too much."""

    name: str = "oom"
    summary: str = "killed for memory by the kernel"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """At any message; whether the target then needs memory shows."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Lower the limit, let the message go, and see whether the kernel kills."""
        container, limit_bytes = scene.instance.container, scene.scenario.limit_bytes
        if scene.ground.backend.simulated:
            scene.release()
            raise NotExercised("no kernel enforces the limit here (backend watchdog)")
        kills = container.counters().oom_kills
        scene.instance.sample()
        _lower(scene)
        scene.release()
        ended = _squeezed(scene)
        container.set_limit(limit_bytes)
        if container.counters().oom_kills == kills:
            if ended is not None:
                scene.settle_crash()
                scene.start()
            raise NotExercised(f"the kernel killed nothing within {_KILLED_WITHIN_S:.0f} s")
        if ended is None:
            return Struck(ended_process=True)  # a child was taken, and the service lives
        scene.settle_crash()
        scene.start()
        return Struck(ended_process=True)


def _squeezed(scene: Scene) -> Exit | None:
    """Keep the limit just above what is in use, which goes down now and then, until the process is killed for it.

    Health checks go on meanwhile, as they would: an import that is nearly over needs no more memory by itself.
    """
    container, deadline_s = scene.instance.container, time.monotonic() + _KILLED_WITHIN_S
    while time.monotonic() < deadline_s:
        if (ended := scene.instance.wait(_SQUEEZE_EVERY_S)) is not None:
            return ended
        with contextlib.suppress(OSError, BackendError):
            container.set_limit(container.sample().total_bytes + _PAGE_BYTES)
        is_ready(scene.instance.client)
    return None


def _lower(scene: Scene) -> None:
    """Set the lowest limit that the kernel accepts: on v1 it refuses one below what it cannot reclaim."""
    container = scene.instance.container
    margin_bytes = _SMALLEST_BYTES
    for _ in range(_TRIES):
        try:
            container.set_limit(container.sample().unreclaimable_bytes + margin_bytes)
        except (OSError, BackendError):
            margin_bytes *= 2
        else:
            return
