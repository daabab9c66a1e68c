"""The provider does not answer, or does so in pieces."""

from dataclasses import dataclass, replace

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.tap import Action, Alter, Delay, Drip, Drop
from harness.dependencies.provider.messages import Answer

_BEYOND_S = 2.5
"""More than `provider_timeout_s` of the crash scenario."""
_PROVIDER_AWAY_S = 0.6


@dataclass(frozen=True, slots=True)
class ReadTimeout:
    """The answer is withheld for longer than the target waits; it was billed."""

    name: str = "read-timeout"
    summary: str = "no answer within the target's time-out"

    def fits(self, message: Message, edge: Edge) -> bool:
        """Once the provider has done its work."""
        return _is_answered(message, edge)

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Wait too long."""
        scene.release(self.action(message))
        return Struck(answers_lost=1)

    def action(self, message: Message) -> Action:  # noqa: ARG002
        """The answer, too late."""
        return Delay(_BEYOND_S)


@dataclass(frozen=True, slots=True)
class ConnectionRefused:
    """The request's connection is cut before anything of it is delivered, and new ones are refused for a while."""

    name: str = "provider-away"
    summary: str = "connections to the provider cut and refused for 0.6 s"

    def fits(self, message: Message, edge: Edge) -> bool:
        """Before the provider has seen the request."""
        return message.is_to_provider and edge is Edge.BEFORE

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Refuse, cut, wait, accept."""
        scene.wires.refuse_provider()
        scene.release(self.action(message))
        scene.wait_until(lambda: False, _PROVIDER_AWAY_S)
        scene.wires.accept_provider()
        return Struck()

    def action(self, message: Message) -> Action:  # noqa: ARG002
        """The end of the connection."""
        return Drop()


@dataclass(frozen=True, slots=True)
class ResetInBody:
    """The connection is reset in the middle of the answer."""

    name: str = "reset-in-body"
    summary: str = "connection reset in the middle of the answer"

    def fits(self, message: Message, edge: Edge) -> bool:
        """Once the provider has done its work."""
        return _is_answered(message, edge)

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Cut the answer in half."""
        scene.release(self.action(message))
        return Struck(answers_lost=1)

    def action(self, message: Message) -> Action:  # noqa: ARG002
        """Half of the answer."""
        return Alter(_cut)


@dataclass(frozen=True, slots=True)
class SlowDrip:
    """The answer comes in small pieces: in time, or too slowly all together."""

    name: str
    summary: str
    pieces: int
    pause_s: float
    answers_lost: int

    def fits(self, message: Message, edge: Edge) -> bool:
        """Once the provider has done its work."""
        return _is_answered(message, edge)

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Drip."""
        scene.release(self.action(message))
        return Struck(answers_lost=self.answers_lost, tamed=not self.answers_lost)

    def action(self, message: Message) -> Action:  # noqa: ARG002
        """The answer in drips."""
        return Drip(self.pieces, self.pause_s)


DRIPS = (
    SlowDrip("drip", "the answer drips, in time", 10, 0.02, 0),
    SlowDrip("drip-forever", "the answer drips longer than the time-out", 50, 0.05, 1),
)
"""Both ways of dripping."""


def _is_answered(message: Message, edge: Edge) -> bool:
    return message.is_to_provider and edge is Edge.UNACKNOWLEDGED


def _cut(answer: Answer) -> Answer:
    return replace(answer, cut_at_bytes=len(answer.body) // 2)
