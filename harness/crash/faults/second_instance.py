"""Another instance of the service starts while the first one works, as in every rolling deployment."""

from dataclasses import dataclass

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message

_BESIDE_S = 0.5
"""Long enough for its supervision to have looked for jobs that it might take."""


@dataclass(frozen=True, slots=True)
class SecondInstance:
    """Starts another instance while a message is held: the job stays with the first, which lives."""

    name: str = "second-instance"
    summary: str = "another instance starts beside it"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """At any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:
        """Start it, and let it stay until the import is over; its worker may well take what is queued."""
        other = scene.second_instance()
        other.start(scene.scenario.target.ready_timeout_s, lambda: False)
        scene.release()
        scene.wait_until(scene.trap.sprung.is_set, _BESIDE_S)
        scene.beside.append(other)
        # A request or its answer may be held for longer than the first instance waits: it is delivered, and billed, to
        # nobody then.
        withheld = message.is_to_provider and edge is not Edge.AFTER
        return Struck(tamed=True, answers_lost=int(withheld))
