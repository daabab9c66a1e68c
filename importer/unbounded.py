"""`window = 0`: everything is held until the end, the way that the incident's service worked.

It exists to be measured against: all texts of the upload are read at once, every embedding is kept as a list of
Python floats, and nothing is stored before the last answer has come. Stages, provider and store are the same.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from importer.embedding.answers import from_floats, to_floats
from importer.work import Answer, Input

if TYPE_CHECKING:
    from importer.config import Settings
    from importer.flow import Flow
    from importer.store_stage import StoreStage


class UnboundedStage:
    """Stands in front of the store stage, and holds back what goes to it."""

    def __init__(self, flow: Flow, store_stage: StoreStage, settings: Settings) -> None:
        self._flow = flow
        self._store_stage = store_stage
        self._most_rows = settings.store_batch_size
        self._held: deque[tuple[Answer, list[tuple[Input, list[float]]]]] = deque()

    async def put(self, answer: Answer) -> None:
        """Keep an answer; the slot of its request is free at once."""
        vectors = [(one, to_floats(vector)) for one, vector in answer.vectors]
        answer.vectors.clear()
        self._held.append((answer, vectors))

    async def run(self) -> None:
        """Wait for the end of all other stages, then store everything."""
        flow = self._flow
        await flow.until(lambda: not flow.stages)
        rows = 0
        while self._held:
            answer, vectors = self._held.popleft()
            answer.vectors += [(one, from_floats(numbers)) for one, numbers in vectors]
            flow.answers.append(answer)
            rows += answer.rows
            if rows >= self._most_rows or not self._held:
                await self._store_stage.run()
                rows = 0
        await self._store_stage.run()
