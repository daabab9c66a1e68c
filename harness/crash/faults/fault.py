"""What a fault is: a frozen object with its data, and one behaviour at the point where a message is held."""

from dataclasses import dataclass
from typing import Protocol

from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.tap import Action


class NotExercised(Exception):
    """The fault could not really be done here: the cell is INVALID, never a pass."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What a fault has done; the fields are those of `Disruption`."""

    ended_process: bool = False
    answers_lost: int = 0
    documents_lost: int = 0
    tamed: bool = False


class Fault(Protocol):
    """One kind of harm."""

    @property
    def name(self) -> str:
        """How a crash point writes it."""

    @property
    def summary(self) -> str:
        """What it does, in a few words."""

    def fits(self, message: Message, edge: Edge) -> bool:
        """Whether it can be done to a message at this edge."""

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:
        """Do it while `message` is held, and release the message; the target runs again afterwards.

        NotExercised when it did not happen; the message is released all the same.
        """


class LastingFault(Fault, Protocol):
    """A fault that can be held open: each message that it fits meets it."""

    def action(self, message: Message) -> Action:
        """What becomes of a message that the fault fits."""
