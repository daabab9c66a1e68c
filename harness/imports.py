"""Imports as a client makes and follows them, through kills and restarts, to their end."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from harness import client as contract
from harness.client import FailedDocument, JobStatus
from harness.containers.container import Exit
from harness.corpora.corpus import Corpus
from harness.errors import TargetError
from harness.service import Service, note_end, start

POLL_S = 0.1
MOST_RESTARTS = 5


@dataclass(slots=True)
class Followed:
    """One import under way; written by the thread that follows it and by nobody else."""

    corpus: Corpus
    job_id: str = ""
    upload_s: float = 0.0
    """How long the upload took, to its 202."""
    accepted_s: float = 0.0
    last: JobStatus | None = None
    chunks_s: float = 0.0
    """From the 202 to when the number of stored chunks was last seen to rise."""


@dataclass(slots=True)
class Following:
    """All imports that run at once, and what happened to the target meanwhile."""

    imports: list[Followed]
    restarts: int = 0
    timed_out: bool = False
    gone: Exit | None = None
    """How the target ended by itself, once it is not started again."""
    enough: bool = False
    """Whoever looks on has seen what there was to see: the imports are not followed to their end."""


def upload_all(service: Service, shares: tuple[Corpus, ...], restarts: int) -> Following:
    """Upload every share at once; an upload that the target did not survive has no job id."""
    following = Following([Followed(share) for share in shares], restarts)
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(lambda one: _upload(service, one), following.imports))
    return following


def follow(service: Service, following: Following, deadline_s: float, tick: Callable[[Following], None]) -> None:
    """Poll until every import has ended, the target is gone for good, enough is seen, or the deadline has passed."""
    while not (following.gone or following.enough or all(_over(one, following) for one in following.imports)):
        if time.monotonic() > deadline_s:
            following.timed_out = True
            return
        _revive(service, following)
        for one in following.imports:
            if one.job_id and not _over(one, following):
                _poll(service, one, following)
        tick(following)
        time.sleep(POLL_S)


def failed_documents(service: Service, one: Followed) -> tuple[FailedDocument, ...]:
    """The failed documents of an import as the target lists them; none where it does not answer."""
    try:
        return tuple(contract.failed_documents(service.client, one.job_id)) if one.job_id else ()
    except (httpx.TransportError, TargetError):
        return ()


def _upload(service: Service, one: Followed) -> None:
    started_s = time.monotonic()
    service.journal.write("upload", documents=one.corpus.documents, bytes=one.corpus.size_bytes)
    try:
        one.job_id = contract.upload(service.client, one.corpus)
    except httpx.TransportError:
        if service.container.poll() is None:  # alive, and still it did not take the upload
            raise TargetError("the target closed the connection in the middle of the upload") from None
    one.accepted_s = time.monotonic()
    one.upload_s = one.accepted_s - started_s


def _poll(service: Service, one: Followed, following: Following) -> None:
    try:
        told = contract.status(service.client, one.job_id)
    except httpx.TransportError:
        return  # it may be dying, or starting: `_revive` knows
    _journal_changes(service, one, told)
    if told.chunks_stored != (one.last.chunks_stored if one.last else 0):
        one.chunks_s = time.monotonic() - one.accepted_s
    one.last = told
    if told.state == "interrupted" and following.restarts:
        contract.resume(service.client, one.job_id)


def _journal_changes(service: Service, one: Followed, told: JobStatus) -> None:
    if one.last is None or told.stage != one.last.stage:
        service.journal.write("stage", stage=told.stage, job=one.job_id)
    if one.last is None or told.progress != one.last.progress:
        service.journal.write(
            "progress",
            job=one.job_id,
            progress=told.progress,
            documents_done=told.documents_done,
            chunks_stored=told.chunks_stored,
        )
    if told.finished:
        service.journal.write("end", job=one.job_id, state=told.state)


def _over(one: Followed, following: Following) -> bool:
    if one.last is None:
        return not one.job_id
    return one.last.finished or (one.last.state == "interrupted" and not following.restarts)


def _revive(service: Service, following: Following) -> None:
    ended = service.container.poll()
    if ended is None:
        return
    note_end(service, ended)
    if service.scenario.restart != "on-failure" or following.restarts >= MOST_RESTARTS:
        following.gone = ended
        return
    following.restarts += 1
    start(service, "restart")
