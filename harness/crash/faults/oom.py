"""The kernel kills the process for memory, for real."""

from dataclasses import dataclass

from harness.client import is_ready
from harness.containers.squeezing import KILLED_WITHIN_S, lower, squeeze
from harness.crash.faults.fault import NotExercised, Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message


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
        lower(container)
        scene.release()
        # Health checks go on meanwhile, as they would: an import that is nearly over needs no more memory by itself.
        ended = squeeze(container, scene.instance.wait, lambda: is_ready(scene.instance.client), KILLED_WITHIN_S)
        container.set_limit(limit_bytes)
        if container.counters().oom_kills == kills:
            if ended is not None:
                scene.settle_crash()
                scene.start()
            raise NotExercised(f"the kernel killed nothing within {KILLED_WITHIN_S:.0f} s")
        if ended is None:
            return Struck(ended_process=True)  # a child was taken, and the service lives
        scene.settle_crash()
        scene.start()
        return Struck(ended_process=True)
