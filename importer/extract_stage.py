"""The extract stage: asks an LLM for the concepts of each document, once, and hands their names on to be embedded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from importer.database.store import ExtractionRow
from importer.embedding.retries import ProviderRefusal, RetryPolicy, WrongAnswer, with_retries
from importer.errors import Interrupted
from importer.extraction import concepts_in, extraction_id
from importer.identity import text_ids
from importer.work import Answer, Input, PendingDocument

if TYPE_CHECKING:
    from importer.config import Settings
    from importer.counters import Counters
    from importer.database.store import Store
    from importer.embed_stage import Sink
    from importer.extraction import ConceptExtractor
    from importer.flow import Flow
    from importer.llm_cache import LLMCache
    from importer.settlement import Ledger

UNUSABLE_ANSWERS = 3
"""Answers without readable concepts after which a document fails."""


class ExtractStage:
    """`run` is one slot: the next document is taken when the answer for the one before is committed."""

    def __init__(
        self,
        flow: Flow,
        ledger: Ledger,
        store: Store,
        sink: Sink,
        extractor: ConceptExtractor,
        cache: LLMCache,
        settings: Settings,
        counters: Counters,
    ) -> None:
        self._flow = flow
        self._ledger = ledger
        self._store = store
        self._sink = sink
        self._extractor = extractor
        self._cache = cache
        self._chat_model = settings.openai_chat_model
        self._policy = RetryPolicy.of(settings)
        self._counters = counters
        self._concept_id = text_ids(settings.embedding_model)
        self._asking = set[bytes]()

    async def run(self) -> None:
        """Extract until all documents are read and done, or the import is halted."""
        flow = self._flow
        try:
            while True:
                await flow.until(lambda: flow.halted or flow.prompts or not flow.reading)
                if flow.halted or not flow.prompts:
                    return
                await self._extract(*flow.prompts.popleft())
        except Interrupted as error:
            flow.halt(error)

    async def _extract(self, document: PendingDocument, prompt: str) -> None:
        self._flow.extracting += 1
        try:
            found = await self._concepts(document, prompt)
            self._hand_on(document, found)
        finally:
            self._flow.extracting -= 1
            self._flow.changed()

    async def _concepts(self, document: PendingDocument, prompt: str) -> tuple[str, ...]:
        """Return what the cache, the store or the LLM says, in this order; what is new has been stored."""
        document.extraction_id = key = extraction_id(self._chat_model, prompt)
        # Two documents of the same text: the second finds what the first one has stored.
        await self._flow.until(lambda: key not in self._asking)
        self._asking.add(key)
        try:
            return await self._answered(document, key, prompt)
        finally:
            self._asking.discard(key)

    async def _answered(self, document: PendingDocument, key: bytes, prompt: str) -> tuple[str, ...]:
        cached = self._cache.get(key)
        if cached is None:
            stored = await self._store.known_extraction(key)
            if stored is not None:
                return stored
        try:
            concepts = concepts_in(cached) if cached is not None else await self._ask(key, prompt)
        except ProviderRefusal as refusal:
            document.failure = document.failure or ("rejected_input", str(refusal))
            return ()
        except WrongAnswer as error:
            document.failure = document.failure or ("extraction", str(error))
            return ()
        await self._sink.put(Answer(extraction=ExtractionRow(key, concepts)))
        return concepts

    async def _ask(self, key: bytes, prompt: str) -> tuple[str, ...]:
        """Ask the LLM, again when its answer is unusable; WrongAnswer when that does not help."""
        for is_last in (False,) * (UNUSABLE_ANSWERS - 1) + (True,):
            request = partial(self._extractor.ask, prompt)
            answer = await with_retries(request, 1, self._policy, self._counters, self._pause)
            try:
                concepts = concepts_in(answer)
            except WrongAnswer:
                if is_last:
                    raise
                await self._store.check_fence()
            else:
                self._cache.put(key, answer)
                return concepts
        raise AssertionError("unreachable")

    async def _pause(self, duration_s: float) -> None:
        await self._flow.pause(duration_s)
        await self._store.check_fence()

    def _hand_on(self, document: PendingDocument, names: tuple[str, ...]) -> None:
        inputs = [Input("concept", self._concept_id(name), name) for name in names]
        document.concept_ids = tuple(one.id for one in inputs)
        self._flow.inputs.extend([one for one in inputs if self._ledger.wants(document, one)])
        document.is_extracted = True
