"""The read stage (it chunks as well): takes groups from the reading thread while the window has room for them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg

from importer.errors import Interrupted
from importer.work import Closed, Failed, Input, Opened, PendingDocument, ReadEvent

if TYPE_CHECKING:
    from importer.config import Settings
    from importer.flow import Flow
    from importer.settlement import Ledger
    from importer.upload_reading import UploadReader

UNBOUNDED_DOCUMENTS = 1000
"""Documents taken at a time where the window does not say."""


class ReadStage:
    """Feeds the embed and extract stages until the upload ends or the import is halted."""

    def __init__(
        self, flow: Flow, ledger: Ledger, reader: UploadReader, thread: ThreadPoolExecutor, settings: Settings
    ) -> None:
        self._flow = flow
        self._ledger = ledger
        self._reader = reader
        self._thread = thread
        self._extraction = settings.extraction
        # Half of the window at most: the other half is under way meanwhile.
        most = max(1, flow.window // 2) if flow.window else settings.embedding_batch_size
        self._group = min(settings.embedding_batch_size, most)
        self._document: PendingDocument | None = None

    async def run(self) -> None:
        """Read to the end."""
        try:
            while await self._read_next():
                pass
        except psycopg.OperationalError as error:
            # The upload is in the database as well. What is in flight may still find it back.
            self._flow.halt(Interrupted("database_unavailable", f"the upload cannot be read: {error}"))

    async def _read_next(self) -> bool:
        """Read a group; False when there is nothing more to read, or the import was halted."""
        await self._wait_for_room()
        if self._flow.halted:
            return False
        self._flow.reading = await self._read_group()
        self._flow.changed()
        return self._flow.reading

    async def _wait_for_room(self) -> None:
        flow = self._flow
        flow.blocked = not flow.has_room(self._group)
        if flow.blocked:
            flow.changed()
            await flow.until(lambda: flow.halted or flow.has_room(self._group))
            flow.blocked = False

    async def _read_group(self) -> bool:
        """Read a group; False when the upload has ended or the import was halted meanwhile."""
        flow = self._flow
        documents = flow.window - flow.documents if flow.window else UNBOUNDED_DOCUMENTS
        flow.hold(self._group)
        loop = asyncio.get_running_loop()
        pull = loop.run_in_executor(self._thread, self._reader.pull, self._group, documents)
        pull.add_done_callback(lambda _: flow.changed())
        await flow.until(lambda: pull.done() or flow.halted)
        if not pull.done():
            # A PDF may take a minute: the import does not wait for it.
            pull.cancel()
            return False
        events, more = pull.result()
        flow.hold(sum(map(self._accept, events)) - self._group)
        return more

    def _accept(self, event: ReadEvent) -> int:
        """Take an event in; how many chunks are held for it."""
        if isinstance(event, Input):
            return self._accept_chunk(event)
        if isinstance(event, Opened):
            self._document = self._ledger.open(event.name, event.title, event.id)
        elif isinstance(event, Failed):
            document = self._ledger.open(event.name, "", None)
            document.failure = (event.reason, event.detail)
            document.upload_offset = event.upload_offset
            document.is_read = document.is_extracted = True
            self._flow.documents += 1
        else:
            self._close(event)
        return 0

    def _accept_chunk(self, chunk: Input) -> int:
        if self._document is None:
            raise AssertionError("a chunk outside of a document")
        self._document.chunk_ids += chunk.id
        if not self._ledger.wants(self._document, chunk):
            return 0
        self._flow.inputs.append(chunk)
        return 1

    def _close(self, event: Closed) -> None:
        if self._document is None:
            raise AssertionError("an end outside of a document")
        self._flow.documents += 1
        self._document.upload_offset = event.upload_offset
        self._document.is_read = True
        self._document.is_extracted = not self._extraction
        if self._extraction:
            self._flow.prompts.append((self._document, event.head))
        self._document = None
