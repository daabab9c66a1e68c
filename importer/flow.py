"""The state that the stages of one import share: what is held, what waits, who works, and whether it goes on."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from importer.errors import Interrupted
from importer.work import Answer, Input, PendingDocument


@dataclass(slots=True, eq=False)
class Flow:
    """Changed by the stages of one event loop; after a change that others may wait for, they call `changed`."""

    window: int
    """Chunks, and documents, that may be held at once; 0: without bound."""
    chunks: int = 0
    """Chunks held between reading and commit."""
    documents: int = 0
    """Documents that are read to their end and not settled."""
    most_chunks: int = 0
    """The most chunks that were held at once."""
    inputs: deque[Input] = field(default_factory=deque)
    """Waiting for the embed stage."""
    prompts: deque[tuple[PendingDocument, str]] = field(default_factory=deque)
    """Documents that wait for the extract stage, and what the LLM is shown of them."""
    answers: deque[Answer] = field(default_factory=deque)
    """Waiting for the store stage."""
    reading: bool = True
    blocked: bool = False
    """The read stage waits for room."""
    embedding: int = 0
    """Embedding requests whose vectors are not committed."""
    extracting: int = 0
    """Documents in the hands of the extract stage."""
    stages: int = 0
    """Stages before the store stage that still run."""
    halted: Interrupted | None = None
    """Why no new work is begun; what is in flight is still committed."""
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def hold(self, chunks: int) -> None:
        """Count chunks as held, or with a negative number as let go."""
        self.chunks += chunks
        self.most_chunks = max(self.most_chunks, self.chunks)

    def has_room(self, chunks: int) -> bool:
        """Whether so many more chunks, and the end of one more document, may be held."""
        return not self.window or (self.chunks + chunks <= self.window and self.documents < self.window)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing under way can bring another input: to wait for a full batch would be in vain."""
        if self.prompts or self.extracting:
            return False
        return not self.reading or (self.blocked and not self.embedding and not self.answers)

    def halt(self, reason: Interrupted) -> None:
        """Begin nothing new; the first reason stays."""
        self.halted = self.halted or reason
        self.changed()

    def changed(self) -> None:
        """Let everybody who waits look again."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until `holds()` is true; it is asked after each change."""
        while not holds():
            change = asyncio.get_running_loop().create_future()
            self._waiting.append(change)
            await change

    async def pause(self, duration_s: float) -> None:
        """Sleep, but no longer than the import goes on: Interrupted when it was halted."""
        try:
            async with asyncio.timeout(duration_s):
                await self.until(lambda: self.halted)
        except TimeoutError:
            return
        if self.halted:
            raise self.halted
