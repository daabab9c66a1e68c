"""The provider refuses one input for ever, whatever comes with it."""

from dataclasses import dataclass

from harness.crash.faults.fault import NotExercised, Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message

_MET_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Poison:
    """400 for one poisoned input: its document fails, and nothing else does."""

    name: str = "400-poison"
    summary: str = "400 for every request that holds one poisoned input"

    def fits(self, message: Message, edge: Edge) -> bool:
        """At an embedding request, before it is carried out."""
        return message.kind in ("embeddings", "embed") and edge is Edge.BEFORE

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Poison the first input of the held request."""
        scene.poison.arm()
        scene.release()
        if not scene.wait_until(lambda: scene.poison.chosen, _MET_WITHIN_S):
            raise NotExercised("no request came that could be poisoned")
        return Struck(documents_lost=scene.ground.corpus.documents if _is_concept(scene) else 1)


def _is_concept(scene: Scene) -> bool:
    """A concept may be in several documents, each of which then fails."""
    return scene.poison.is_short
