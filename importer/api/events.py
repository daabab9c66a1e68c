"""Progress as server-sent events: full snapshots of a job, read once an interval for all who listen to it.

A snapshot's id is a digest of it: who comes back with `Last-Event-ID` gets the present state, unless it has it. The
stream ends with an event `end` once the job is over, and without one when the service stops: then come again.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

import orjson
import psycopg
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from importer.api.answers import ApiError, require_token
from importer.api.imports import JobId
from importer.api.views import job_view
from importer.database.results import find_job
from importer.memory import read_memory
from importer.services import Services

POLL_S = 0.5
SILENCE_S = 5.0
"""Time after which a comment is sent, so that both ends know that the other is there."""
MOST_LISTENERS = 100
"""Listeners of a process; whoever is turned away polls the status."""
_OVER = ("completed", "completed_with_errors", "failed", "cancelled")
_END = b"event: end\ndata:\n\n"

router = APIRouter(prefix="/api/import", dependencies=[Depends(require_token)])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a job as it is sent."""

    json: bytes
    is_last: bool

    @property
    def id(self) -> str:
        """What tells it from other snapshots, of other processes too."""
        return sha256(self.json).hexdigest()[:16]

    def event(self) -> bytes:
        """Lay it out as an event."""
        return b"id: %b\nevent: snapshot\ndata: %b\n\n" % (self.id.encode(), self.json)


@dataclass(slots=True)
class Topic:
    """One job that somebody listens to: its newest snapshot, and the task that reads it for all of them."""

    latest: Snapshot | None = None
    error: Exception | None = None
    closed: bool = False
    listeners: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    polling: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Wake every listener."""
        self.changed.set()
        self.changed = asyncio.Event()


class Topics:
    """The jobs that are listened to in this process."""

    def __init__(self, services: Services, stop: asyncio.Event) -> None:
        self._services = services
        self._stop = stop
        self._topics: dict[UUID, Topic] = {}

    @property
    def listened(self) -> int:
        """How many listen now."""
        return sum(topic.listeners for topic in self._topics.values())

    async def listen(self, job_id: UUID, seen_id: str) -> AsyncGenerator[bytes, None]:
        """Yield events until the job is over, the service stops, or the listener goes away."""
        topic = self._join(job_id)
        try:
            await self._first_look(topic)
            yield b"retry: 1000\n\n"
            while True:
                changed, snapshot = topic.changed, topic.latest
                if snapshot and snapshot.id != seen_id:
                    seen_id = snapshot.id
                    yield snapshot.event()
                if topic.closed:
                    if snapshot and snapshot.is_last:
                        yield _END
                    return
                if not await _happens(changed, SILENCE_S):
                    yield b": still here\n\n"
        finally:
            self._leave(job_id, topic)

    def _join(self, job_id: UUID) -> Topic:
        if self.listened >= MOST_LISTENERS:
            raise ApiError(503, "too_many_listeners", "too many listen to events already; poll the status instead")
        topic = self._topics.get(job_id)
        if topic is None or topic.closed:
            topic = self._topics[job_id] = Topic()
            topic.polling = asyncio.create_task(self._poll(job_id, topic))
        topic.listeners += 1
        return topic

    def _leave(self, job_id: UUID, topic: Topic) -> None:
        topic.listeners -= 1
        if topic.listeners == 0:
            if self._topics.get(job_id) is topic:
                del self._topics[job_id]
            if topic.polling is not None:
                topic.polling.cancel()

    async def _first_look(self, topic: Topic) -> None:
        if topic.latest is None and not topic.closed:
            await topic.changed.wait()
        if topic.latest is None and topic.error is not None:
            raise topic.error

    async def _poll(self, job_id: UUID, topic: Topic) -> None:
        try:
            # A lost cancellation (see importer.cancellation) ends here too: nobody listens any more.
            while topic.listeners:
                snapshot = await self._read(job_id)
                if snapshot != topic.latest:
                    topic.latest = snapshot
                    topic.wake()
                if snapshot.is_last or await _happens(self._stop, POLL_S):
                    return
        except (ApiError, psycopg.Error) as error:
            topic.error = error  # listeners come again, and are told then
        finally:
            topic.closed = True
            topic.wake()

    async def _read(self, job_id: UUID) -> Snapshot:
        async with self._services.pool.connection() as connection:
            job = await find_job(connection, job_id)
        if job is None:
            raise ApiError(404, "unknown_job", "there is no such import")
        view = job_view(job, self._services.settings, read_memory().limit_bytes)
        return Snapshot(orjson.dumps(view), job.status in _OVER)


async def _happens(event: asyncio.Event, timeout_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return event.is_set()


@router.get("/events/{job_id}")
async def events(request: Request, job_id: JobId) -> Response:
    """Stream snapshots of one job."""
    topics: Topics = request.app.state.topics
    stream = topics.listen(job_id, request.headers.get("last-event-id", ""))
    # The first event is awaited here, so that an unknown job is a 404 and not a broken stream.
    first = await anext(stream)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_with_first(first, stream), headers=headers, media_type="text/event-stream")


async def _with_first(first: bytes, stream: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(stream):
        yield first
        async for event in stream:
            yield event
