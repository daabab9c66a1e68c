"""Holds an import in its middle for as long as a test wants: no test depends on how fast the machine is."""

import asyncio
import math

from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.tap import Action, Deliver


class Gate:
    """Stands at the provider: lets the chat requests of so many documents pass, then withholds their answers.

    What is withheld was carried out and billed, as when a service dies with requests in flight.
    """

    def __init__(self) -> None:
        self._passing = math.inf
        self._held: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def close_after(self, documents: int) -> None:
        """Withhold the answers once so many more documents had theirs."""
        self._passing = documents

    def open(self) -> None:
        """Let everything pass again, and what is held first."""
        self._passing = math.inf
        held, self._held = self._held, []
        for loop, future in held:
            loop.call_soon_threadsafe(_settle, future)

    async def at(self, message: Message, edge: Edge) -> Action:
        """Hold a chat request, one for each document, that comes to the closed gate."""
        if message.kind == "chat" and edge is Edge.UNACKNOWLEDGED:
            self._passing -= 1
            if self._passing < 0:
                loop = asyncio.get_running_loop()
                future = loop.create_future()
                self._held.append((loop, future))
                await future
        return Deliver()


def _settle(future: asyncio.Future[None]) -> None:
    # Its connection may be gone.
    if not future.done():
        future.set_result(None)
