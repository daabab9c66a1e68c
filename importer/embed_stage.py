"""The embed stage: gathers inputs to full requests, leaves out what is stored, and isolates what is rejected."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from importer.embedding.retries import ProviderRefusal, RetryPolicy, with_retries
from importer.errors import Interrupted
from importer.work import Answer, Input

if TYPE_CHECKING:
    from importer.config import Settings
    from importer.counters import Counters
    from importer.database.store import Store
    from importer.embedding import EmbeddingProvider
    from importer.flow import Flow
    from importer.settlement import Ledger


class Sink(Protocol):
    """Where answers go."""

    async def put(self, answer: Answer) -> None:
        """Take an answer; returns when the slot of its request may serve the next one."""
        ...

    async def run(self) -> None:
        """Store what comes, until the stages before have ended and all of it is stored."""
        ...


class EmbedStage:
    """`run` is one slot: the next request is sent when the vectors of the one before are committed."""

    def __init__(
        self,
        flow: Flow,
        ledger: Ledger,
        store: Store,
        sink: Sink,
        provider: EmbeddingProvider,
        settings: Settings,
        counters: Counters,
    ) -> None:
        self._flow = flow
        self._ledger = ledger
        self._store = store
        self._sink = sink
        self._provider = provider
        self._batch_size = settings.provider_batch_size
        self._policy = RetryPolicy.of(settings)
        self._counters = counters
        self._gathering = asyncio.Lock()

    async def run(self) -> None:
        """Embed until there is nothing left, or the import is halted."""
        try:
            while batch := await self._next_batch():
                await self._embed(batch)
        except Interrupted as error:
            self._flow.halt(error)

    async def _next_batch(self) -> list[Input]:
        async with self._gathering:
            batch = await self._gather()
            # Counted before another slot may look: it must not take the import for quiet.
            self._flow.embedding += bool(batch)
            return batch

    async def _gather(self) -> list[Input]:
        """Return a full batch of inputs that are not stored, less only when no more can come; empty at the end.

        The look-up comes last, right before the request: it is also what tells that the job is still ours.
        """
        flow, batch = self._flow, list[Input]()
        while True:
            await flow.until(partial(self._is_enough, batch))
            if flow.halted or not (batch or flow.inputs):
                return []
            missing = self._batch_size - len(batch)
            taken = [flow.inputs.popleft() for _ in range(min(missing, len(flow.inputs)))]
            batch += await self._without_stored(taken)
            if len(batch) == self._batch_size or (batch and flow.is_quiet and not flow.inputs):
                return batch

    def _is_enough(self, batch: list[Input]) -> bool:
        """Whether to go on with what waits, or to end: the batch gets full, or nothing more can come."""
        flow = self._flow
        if flow.halted or len(batch) + len(flow.inputs) >= self._batch_size:
            return True
        return flow.is_quiet and bool(batch or flow.inputs or not flow.reading)

    async def _without_stored(self, inputs: list[Input]) -> list[Input]:
        chunks, concepts = await self._store.known(
            [one.id for one in inputs if one.kind == "chunk"], [one.id for one in inputs if one.kind == "concept"]
        )
        known = {"chunk": chunks, "concept": concepts}
        stored = [one for one in inputs if one.id in known[one.kind]]
        if stored:
            self._ledger.stored(one.key for one in stored)
            self._flow.hold(-sum(one.kind == "chunk" for one in stored))
            self._flow.changed()
        return [one for one in inputs if one.id not in known[one.kind]]

    async def _embed(self, batch: list[Input]) -> None:
        answer = Answer()
        try:
            await self._ask(batch, answer)
        finally:
            # Where a halved batch failed in part, what did come was paid for.
            if answer.vectors or answer.rejected:
                await self._sink.put(answer)
            self._flow.embedding -= 1
            self._flow.changed()

    async def _ask(self, batch: Sequence[Input], answer: Answer) -> None:
        """Add the vectors of `batch` to `answer`; a batch that is rejected is halved until the culprits stand alone."""
        prompts = [one.prompt for one in batch]
        request = partial(self._provider.embed, prompts, "document")
        try:
            vectors = await with_retries(request, len(batch), self._policy, self._counters, self._pause)
        except ProviderRefusal as refusal:
            if len(batch) == 1:
                answer.rejected.append((batch[0], str(refusal)))
                return
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                await self._store.check_fence()
                await self._ask(half, answer)
        else:
            answer.vectors += zip(batch, vectors, strict=True)

    async def _pause(self, duration_s: float) -> None:
        await self._flow.pause(duration_s)
        await self._store.check_fence()
