"""An import that is stopped, killed, fenced or cut off: nothing is lost or doubled, and little is paid twice."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pytest

from importer.database.jobs import RunningJob
from importer.errors import Fenced, Interrupted
from importer.readers import read_documents as really
from tests.integration.pipeline.conftest import Importing
from tests.integration.pipeline.provider import FakeProvider
from tests.integration.pipeline.texts import records

DOCUMENTS = 16
FILES = (records(DOCUMENTS // 2), records(DOCUMENTS // 2, first=DOCUMENTS // 2))

KNOBS: dict[str, Any] = {"embed_concurrency": 2, "extract_concurrency": 3}
AT_RISK = 2 * 8 + 3
"""Inputs that may be paid twice after a crash: slots times inputs a request."""


@pytest.fixture
async def undisturbed(importing: Importing, provider: FakeProvider) -> str:
    """Run the import once and forget it: the digest of what it stores."""
    await importing.run(await importing.upload(*FILES))
    content = await importing.content()
    await forget(importing)
    provider.billed.clear()
    return content


async def forget(importing: Importing) -> None:
    """Empty the database and the cache."""
    tables = "chunks, documents, document_chunks, extractions, concepts, mentions, relations, jobs, collections"
    await importing.execute(f"TRUNCATE {tables} CASCADE")
    importing.services.cache.clear()


@pytest.mark.parametrize("at_request", range(1, 27, 5))
async def test_a_stop_commits_what_is_in_flight(
    importing: Importing, provider: FakeProvider, undisturbed: str, at_request: int
) -> None:
    """SIGTERM at any request: all that was billed is committed, so the resume bills nothing twice."""
    stop = asyncio.Event()

    async def stop_at(number: int, inputs: list[str]) -> None:
        if number == first + at_request:
            stop.set()

    first, provider.meet = provider.received, stop_at
    job = await importing.upload(*FILES)
    with pytest.raises(Interrupted) as raised:
        await importing.run(job, stop, **KNOBS)
    assert raised.value.code == "shutdown"
    await importing.take_over(job)
    await importing.run(job, **KNOBS)
    assert await importing.content() == undisturbed
    assert provider.billed_twice == 0


@pytest.mark.parametrize("at_request", range(1, 27, 5))
async def test_a_crash_bills_at_most_what_was_in_flight(
    importing: Importing, provider: FakeProvider, undisturbed: str, at_request: int
) -> None:
    """Killed at any request: the resume stores the same, and pays again at most for the slots that were in use."""
    job = await importing.upload(*FILES)
    reached, first = asyncio.Event(), provider.received

    async def crash_at(number: int, inputs: list[str]) -> None:
        if number == first + at_request:
            reached.set()

    provider.meet = crash_at
    running = asyncio.create_task(importing.run(job, **KNOBS))
    waiting = asyncio.create_task(reached.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    importing.services.cache.clear()
    await importing.take_over(job)
    await importing.run(job, **KNOBS)
    assert await importing.content() == undisturbed
    assert provider.billed_twice <= AT_RISK


async def test_a_settled_file_is_not_read_again(
    importing: Importing, monkeypatch: pytest.MonkeyPatch, undisturbed: str
) -> None:
    """A resume passes whole settled files over, and within a file the documents that are settled."""
    job = await importing.upload(*FILES)
    await importing.run(job)
    last = "DELETE FROM job_documents WHERE position >= 11"
    await importing.execute(last)
    await importing.execute("UPDATE jobs SET documents_done = 11, epoch = epoch + 1")
    skipped: list[tuple[str, int]] = []

    def read_documents(source: Any, limits: Any, skip: int) -> Any:
        skipped.append((source.name, skip))
        return really(source, limits, skip)

    monkeypatch.setattr("importer.upload_reading.read_documents", read_documents)
    await importing.run(job)
    assert skipped == [("papers.jsonl", 3)]
    assert (await importing.counts(job))["documents_done"] == DOCUMENTS


async def test_a_fenced_runner_writes_nothing_more(importing: Importing, provider: FakeProvider) -> None:
    """Once the job is taken over, the stale runner ends with Fenced, leaves the database as it is, and asks nobody."""
    job = await importing.upload(*FILES)
    asked_after = 0
    taking_over: asyncio.Task[str] | None = None

    async def take_over_and_look() -> str:
        await importing.take_over(job)
        return await importing.content()

    async def meet(number: int, inputs: list[str]) -> None:
        nonlocal asked_after, taking_over
        if number == 6:
            taking_over = asyncio.create_task(take_over_and_look())
            await asyncio.shield(taking_over)
        asked_after += taking_over is not None and taking_over.done()

    provider.meet = meet
    with pytest.raises(Fenced):
        await importing.run(job, **KNOBS)
    assert taking_over is not None
    assert await importing.content() == await taking_over
    # What had passed its look-up before may still be sent: at most one request a slot.
    assert asked_after <= KNOBS["embed_concurrency"] + KNOBS["extract_concurrency"]


async def test_a_cancelled_job_is_fenced_too(importing: Importing, provider: FakeProvider) -> None:
    """A job that is no longer `running` is not written for, whatever its epoch."""
    job = await importing.upload(*FILES)
    await importing.execute("UPDATE jobs SET status = 'cancelled'")
    with pytest.raises(Fenced):
        await importing.run(job)
    assert not provider.billed


Commit = Callable[[psycopg.AsyncConnection[Any]], Awaitable[None]]


@pytest.mark.parametrize("delivered", ["delivered", "lost"])
@pytest.mark.parametrize("nth", range(1, 12, 2))
async def test_a_commit_without_an_answer_doubles_nothing(
    importing: Importing,
    provider: FakeProvider,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: str,
    nth: int,
    delivered: str,
) -> None:
    """Whether a COMMIT whose answer was lost had been carried out or not, everything is stored once and paid once."""
    job = await importing.upload(*FILES)
    commits = 0
    really: Commit = psycopg.AsyncConnection.commit

    async def commit(connection: psycopg.AsyncConnection[Any]) -> None:
        nonlocal commits
        if connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            commits += 1
            if commits == nth:
                if delivered == "delivered":
                    await really(connection)
                await connection.close()
                raise psycopg.OperationalError("the connection was lost")
        await really(connection)

    monkeypatch.setattr(psycopg.AsyncConnection, "commit", commit)
    await importing.run(job, **KNOBS)
    assert commits > nth
    counts = await importing.counts(job)
    monkeypatch.undo()
    assert await importing.execute("SELECT count(*) FROM chunks") == [(counts["chunks_stored"],)]
    assert await importing.content() == undisturbed
    assert counts["documents_done"] == DOCUMENTS
    assert provider.billed_twice == 0


async def test_terminated_backends_are_survived(importing: Importing, provider: FakeProvider, undisturbed: str) -> None:
    """Sessions that an administrator ends in the middle are opened again; nothing is lost, doubled or paid twice."""
    job = await importing.upload(*FILES)
    first = provider.received

    async def terminate(number: int, inputs: list[str]) -> None:
        if (number - first) % 6 == 0:
            async with await psycopg.AsyncConnection.connect(importing.settings.database_url) as connection:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name LIKE 'importer%' AND datname = current_database()"
                )

    provider.meet = terminate
    await importing.run(job, **KNOBS)
    provider.meet = FakeProvider().meet
    assert await importing.content() == undisturbed
    assert provider.billed_twice == 0


async def test_a_read_only_database_interrupts(importing: Importing, provider: FakeProvider, undisturbed: str) -> None:
    """A database that turns read-only interrupts the job with that code; once it is writable, a resume ends it."""
    job = await importing.upload(*FILES)
    await set_read_only(importing, "on")
    with pytest.raises(Interrupted) as raised:
        await importing.run(job)
    assert raised.value.code == "read_only"
    await set_read_only(importing, "off")
    await importing.run(job)
    assert await importing.content() == undisturbed


async def set_read_only(importing: Importing, value: str) -> None:
    """Make new sessions of the database read-only or not, and end the old ones."""
    url = importing.settings.database_url
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = {value}")
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    await importing.services.pool.check()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            httpx.Response(401, json={"error": {"message": "Incorrect API key provided: sk-very-secret"}}),
            "provider_auth",
        ),
        (httpx.Response(429, headers={"Retry-After": "86400"}, json={}), "rate_limited"),
        (httpx.Response(404, json={"error": {"message": "no such model"}}), "provider_refused"),
        (httpx.Response(200, content=b"{"), "provider_answer"),
    ],
)
async def test_a_provider_that_gives_up_interrupts(
    importing: Importing, provider: FakeProvider, undisturbed: str, answer: httpx.Response, code: str
) -> None:
    """A refusal in the middle keeps what was answered, tells its code without secrets, and a resume ends the job."""
    job = await importing.upload(*FILES)
    first = provider.received

    async def refuse(number: int, inputs: list[str]) -> httpx.Response | None:
        return (
            httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
            if number > first + 9
            else None
        )

    provider.meet = refuse
    with pytest.raises(Interrupted) as raised:
        await importing.run(job, provider_max_retries=0, **KNOBS)
    assert raised.value.code == code
    assert "secret" not in str(raised.value)
    provider.meet = FakeProvider().meet
    await importing.take_over(job)
    await importing.run(job, **KNOBS)
    assert await importing.content() == undisturbed
    assert provider.billed_twice == 0


async def test_two_jobs_with_the_same_content_store_it_once(
    importing: Importing, provider: FakeProvider, undisturbed: str
) -> None:
    """Two imports that race for the same chunks both end, and each row is there once."""
    one, other = await importing.upload(*FILES), await importing.upload(*FILES)
    await asyncio.gather(importing.run(one, **KNOBS), importing.run(other, **KNOBS))
    done = [await importing.counts(job) for job in (one, other)]
    assert [counts["documents_done"] for counts in done] == [DOCUMENTS, DOCUMENTS]
    assert sum(counts["duplicates"] for counts in done) == DOCUMENTS
    await importing.execute("DELETE FROM job_documents WHERE job_id = %s", other)
    await importing.execute("UPDATE job_documents SET outcome = 'stored'")
    assert await importing.content() == undisturbed


async def test_a_finished_job_run_again_changes_nothing(importing: Importing, provider: FakeProvider) -> None:
    """A job whose every document is settled asks no provider and stores nothing when it is run once more."""
    job = await importing.upload(*FILES)
    await importing.run(job)
    content, billed = await importing.content(), provider.billed.total()
    await importing.run(job)
    assert (await importing.content(), provider.billed.total()) == (content, billed)


def test_a_running_job_says_all_that_the_pipeline_needs() -> None:
    """The pipeline works from the claim alone; a field that goes would break a resume unseen."""
    assert {"id", "epoch", "window", "files", "settled"} <= set(RunningJob.__dataclass_fields__)
