"""The kernel kills the process for memory, for real."""

import contextlib
from dataclasses import dataclass

from harness.crash.faults.fault import NotExercised, Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message
from harness.errors import BackendError

_SMALLEST_BYTES = 64 * 1024
_KILLED_WITHIN_S = 2.0
_TRIES = 12
_SQUEEZES = 3


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
        ended = scene.instance.wait(_KILLED_WITHIN_S)
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


def _lower(scene: Scene) -> None:
    """Set the lowest limit that the kernel accepts: on v1 it refuses one below what it cannot reclaim.

    What it could reclaim is gone once a limit was accepted; the next one is then just above what is left.
    """
    container = scene.instance.container
    margin_bytes = _SMALLEST_BYTES
    for _ in range(_TRIES):
        try:
            container.set_limit(container.sample().unreclaimable_bytes + margin_bytes)
        except (OSError, BackendError):
            margin_bytes *= 2
        else:
            break
    for _ in range(_SQUEEZES):
        with contextlib.suppress(OSError, BackendError):
            container.set_limit(container.sample().total_bytes + _SMALLEST_BYTES)
