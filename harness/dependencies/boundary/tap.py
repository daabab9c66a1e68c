"""What a wire asks at each edge of each numbered message, and what it can be told to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.provider.messages import Answer


@dataclass(frozen=True, slots=True)
class Deliver:
    """Go on as if nobody had asked."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection: before, nothing of the message is delivered; later, its answer is lost."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Go on after so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SqlError:
    """At the edge `before` of a statement: do not carry it out, answer with this error as Postgres would."""

    sqlstate: str
    text: str


@dataclass(frozen=True, slots=True)
class Respond:
    """At the edge `before` or `unacknowledged` of a provider's message: answer this."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Alter:
    """At the edge `unacknowledged` of a provider's message: answer what `change` makes of the true answer."""

    change: Callable[[Answer], Answer]


@dataclass(frozen=True, slots=True)
class Drip:
    """At the edge `unacknowledged` of a provider's message: send the answer's body in `pieces`, a pause between two."""

    pieces: int
    pause_s: float


Action = Deliver | Drop | Delay | SqlError | Respond | Alter | Drip


class Tap(Protocol):
    """Listens at the boundary; asked on the boundary's loop, it may wait and thereby hold the message."""

    async def at(self, message: Message, edge: Edge) -> Action:
        """Say what becomes of `message`, which has come to `edge`."""
        ...


class InTurn:
    """Asks several taps; the first that does not say Deliver decides."""

    def __init__(self, *taps: Tap) -> None:
        self._taps = taps

    async def at(self, message: Message, edge: Edge) -> Action:
        """Ask until one decides."""
        for tap in self._taps:
            action = await tap.at(message, edge)
            if not isinstance(action, Deliver):
                return action
        return Deliver()
