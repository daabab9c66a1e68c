"""The client's side of the boundary: the harness's own calls of the target, numbered and tapped like any message."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.numbering import Numbering
from harness.dependencies.boundary.tap import Action, Delay, Deliver, Drop, Tap
from harness.errors import BoundaryError

WIRE = "client"
T = TypeVar("T")


class CallDropped(Exception):
    """The tap dropped a call: it was not made, or its answer is lost to the client."""

    def __init__(self, message: Message, edge: Edge) -> None:
        super().__init__(f"{message.name} was dropped {edge.value}")
        self.message, self.edge = message, edge


class ClientWire:
    """Numbers calls by kind: `client.upload#1`; used from the harness's threads, never on the boundary's loop.

    A trap holds the thread that calls, so the thread that waits for the trap must be another one.
    """

    def __init__(self, tap: Tap, numbering: Numbering, loop: asyncio.AbstractEventLoop) -> None:
        self._tap, self._numbering, self._loop = tap, numbering, loop

    def call(self, kind: str, path: str, make: Callable[[], T], keep: Callable[[T], None]) -> T:
        """Make a call: `make` sends it and returns its answer, `keep` notes that answer in the client's history.

        CallDropped where the tap drops it. At `unacknowledged` the answer has come, and the client knows nothing of
        it yet; at `after` it was kept.
        """
        message = self._on_loop(self._number(kind, path))
        self._ask(message, Edge.BEFORE)
        answer = make()
        self._ask(message, Edge.UNACKNOWLEDGED)
        keep(answer)
        self._ask(message, Edge.AFTER)
        return answer

    async def _number(self, kind: str, path: str) -> Message | None:
        return self._numbering.number(WIRE, kind, path)

    def _ask(self, message: Message | None, edge: Edge) -> None:
        if message is None:
            return
        action: Action = self._on_loop(self._tap.at(message, edge))
        match action:
            case Deliver():
                pass
            case Delay(seconds):
                time.sleep(seconds)
            case Drop():
                raise CallDropped(message, edge)
            case other:
                raise BoundaryError(f"{type(other).__name__} cannot be done to {message.name} at the edge {edge.value}")

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
