"""Reads and chunks an upload, as events: what the one reading thread of an import runs."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from importer.chunking import chunk_text
from importer.database.upload_file import open_upload
from importer.documents import Document, UnreadableDocument, UploadSource
from importer.identity import document_id, text_ids
from importer.readers import ReadLimits, count_documents, read_documents
from importer.work import Closed, Failed, Input, Opened, ReadEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from importer.config import Settings
    from importer.database.jobs import RunningJob, UploadedFile

PULL_S = 0.2
"""Time after which a group is handed over although it is not full: documents may come slowly."""


class UploadReader:
    """What a job has still to read; the documents that are settled are passed over."""

    def __init__(self, job: RunningJob, settings: Settings, counts: Mapping[int, int]) -> None:
        self._events = _events(job, settings, counts)

    def pull(self, chunks: int, documents: int) -> tuple[list[ReadEvent], bool]:
        """Return what comes next, with at most so many chunks and ends of documents, and whether more may come."""
        events: list[ReadEvent] = []
        deadline_s = time.monotonic() + PULL_S
        while chunks > 0 and documents > 0 and time.monotonic() < deadline_s:
            event = next(self._events, None)
            if event is None:
                return events, False
            events.append(event)
            chunks -= isinstance(event, Input)
            documents -= isinstance(event, Closed | Failed)
        return events, True

    def close(self) -> None:
        """Close the file that is open."""
        self._events.close()


def count_files(job: RunningJob, settings: Settings) -> dict[int, int]:
    """Return the documents of each file by its ordinal, counted where that was not done before."""
    limits = _limits(settings)
    return {
        file.ordinal: count_documents(_source(job, settings, file), limits)
        if file.documents is None
        else file.documents
        for file in job.files
    }


def _events(job: RunningJob, settings: Settings, counts: Mapping[int, int]) -> Generator[ReadEvent, None, None]:
    limits = _limits(settings)
    chat_model = settings.openai_chat_model if settings.extraction else None
    identify = partial(
        document_id, model=settings.embedding_model, chunk_chars=settings.chunk_chars, chat_model=chat_model
    )
    chunk_id = text_ids(settings.embedding_model)
    skip, offset = job.settled, 0
    for file in job.files:
        passed = min(skip, counts[file.ordinal])
        skip -= passed
        if passed < counts[file.ordinal]:
            for outcome in read_documents(_source(job, settings, file), limits, passed):
                if isinstance(outcome, UnreadableDocument):
                    yield Failed(outcome.name, outcome.reason, outcome.detail, offset + outcome.end_offset)
                    continue
                yield Opened(outcome.name, outcome.title, identify(outcome.digest))
                head = yield from _chunks(outcome, settings, chunk_id)
                yield Closed(head, offset + outcome.end_offset)
        offset += file.size_bytes


def _chunks(document: Document, settings: Settings, chunk_id: Callable[[str], bytes]) -> Generator[Input, None, str]:
    """Yield a document's chunks; the beginning of its text, where the LLM is shown one."""
    head: list[str] = []
    wanted = settings.extract_chars if settings.extraction else 0
    for text in chunk_text(document.pieces, settings.chunk_chars):
        if wanted > 0:
            head.append(text)
            wanted -= len(text)
        yield Input("chunk", chunk_id(text), text)
    return " ".join(head)[: settings.extract_chars]


def _limits(settings: Settings) -> ReadLimits:
    return ReadLimits(
        record_max_bytes=settings.record_max_bytes,
        pdf_max_pages=settings.pdf_max_pages,
        pdf_timeout_s=settings.pdf_timeout_s,
        pdf_memory_bytes=settings.pdf_memory_bytes,
    )


def _source(job: RunningJob, settings: Settings, file: UploadedFile) -> UploadSource:
    open_file = partial(open_upload, settings.database_url, job.id, file.ordinal, file.size_bytes)
    return UploadSource(file.name, file.size_bytes, open_file)
