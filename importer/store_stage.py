"""The store stage: commits answers as soon as they are there, and the documents that they complete with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.database.store import Portion
from importer.work import Answer, Input, vector_row

if TYPE_CHECKING:
    from importer.config import Settings
    from importer.counters import Counters
    from importer.database.store import ExtractionRow, Store
    from importer.flow import Flow
    from importer.settlement import Ledger


class StoreStage:
    """The one writer of an import, and the Sink of the stages before it."""

    def __init__(self, flow: Flow, ledger: Ledger, store: Store, settings: Settings, counters: Counters) -> None:
        self._flow = flow
        self._ledger = ledger
        self._store = store
        self._most_rows = settings.store_batch_size
        self._counters = counters

    async def put(self, answer: Answer) -> None:
        """Queue an answer, and return when all of it is committed."""
        self._flow.answers.append(answer)
        self._flow.changed()
        await answer.stored.wait()

    async def run(self) -> None:
        """Commit until the other stages have ended and nothing is left."""
        flow = self._flow
        while True:
            await flow.until(lambda: flow.answers or self._ledger.has_complete or not flow.stages)
            if not (flow.answers or self._ledger.has_complete):
                return
            await self._commit_portion()

    async def _commit_portion(self) -> None:
        vectors: list[tuple[Input, bytes]] = []
        extractions: list[ExtractionRow] = []
        finished: list[Answer] = []
        answers = self._flow.answers
        while answers and (room := self._most_rows - len(vectors) - len(extractions)) > 0:
            answer = answers[0]
            self._reject(answer)
            vectors += answer.vectors[:room]
            del answer.vectors[:room]
            if answer.extraction is not None and room:
                extractions.append(answer.extraction)
                answer.extraction = None
            if answer.rows:
                break
            finished.append(answers.popleft())
        await self._commit(vectors, extractions)
        for answer in finished:
            answer.stored.set()
        self._flow.changed()

    def _reject(self, answer: Answer) -> None:
        for one, detail in answer.rejected:
            self._ledger.rejected(one, detail)
            self._flow.hold(-(one.kind == "chunk"))
        answer.rejected.clear()

    async def _commit(self, vectors: list[tuple[Input, bytes]], extractions: list[ExtractionRow]) -> None:
        """Commit rows and what they complete: were it to fail, the import would end, so the ledger goes first."""
        self._ledger.storing(one.key for one, _ in vectors)
        documents = self._ledger.take_complete()
        if not (vectors or extractions or documents):
            return
        chunks = [vector_row(one) for one in vectors if one[0].kind == "chunk"]
        portion = Portion(
            chunks,
            [vector_row(one) for one in vectors if one[0].kind == "concept"],
            extractions,
            documents,
            self._ledger.stage(self._flow.inputs, "read" if self._flow.reading else "store"),
            self._ledger.upload_offset,
        )
        self._counters.chunks_stored += await self._store.commit(portion)
        self._ledger.stored(one.key for one, _ in vectors)
        self._counters.documents_settled += len(documents)
        self._flow.hold(-len(chunks))
        self._flow.documents -= len(documents)
