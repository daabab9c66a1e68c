"""States of jobs: one runner each, fenced by its epoch, interrupted when it falls silent, resumed once."""

import asyncio
from typing import Any

import psycopg
import pytest

from importer.database.jobs import RunningJob
from importer.errors import Fenced, Interrupted
from importer.services import Services
from tests.integration.service.conftest import Service, StartService

SILENT = (
    "UPDATE heartbeats SET beat_at = now() - interval '1 hour', runner = 'gone', memory_bytes = 97, limit_bytes = 100"
)
HEARTBEATS = "INSERT INTO heartbeats (job_id, epoch, runner) SELECT id, epoch, 'gone' FROM jobs"
"""Before a job is made running: supervision would take one without a heartbeat for stalled at once."""
QUEUE_JOBS = "SELECT count(*) FROM procrastinate_jobs"


async def _work_until_stopped(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
    await stop.wait()
    raise Interrupted("shutdown", "the service was shut down")


async def _work_for_ever(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
    await asyncio.Event().wait()


async def _interrupted_job(service: Service) -> str:
    job_id = await service.upload(b"text")
    await service.execute("UPDATE jobs SET status = 'interrupted', error_code = 'lost_worker', error = 'x'")
    return job_id


async def test_of_concurrent_resumes_exactly_one_wins(start_service: StartService) -> None:
    """Eight resumes at once: one 202, seven 409 with a reason, and the epoch rose once."""
    service = await start_service(worker=False)
    job_id = await _interrupted_job(service)
    answers = await asyncio.gather(*(service.client.post(f"/api/import/resume/{job_id}") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} == {"queued"}
    status = await service.status(job_id)
    assert (status["epoch"], status["attempt"], status["error"]) == (2, 2, None)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE jobs SET status = 'completed'", "complete"),
        ("UPDATE jobs SET status = 'queued'", "queued"),
        ("DELETE FROM upload_files", "source_gone"),
        ("UPDATE jobs SET status = 'failed', error_code = 'memory'", "memory"),
    ],
)
async def test_resume_is_refused_with_its_reason(start_service: StartService, change: str, code: str | None) -> None:
    """What cannot be resumed says why, and its status says that it is not resumable."""
    service = await start_service(worker=False)
    job_id = await _interrupted_job(service)
    assert (await service.status(job_id))["resumable"]
    await service.execute(change)
    answer = await service.client.post(f"/api/import/resume/{job_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)
    assert not (await service.status(job_id))["resumable"]


async def test_silent_job_is_interrupted_and_its_runner_fenced(start_service: StartService) -> None:
    """A running job without a recent heartbeat becomes interrupted with what its last heartbeat tells."""
    service = await start_service(worker=False)
    job_id = await service.upload(b"text")
    await service.execute(HEARTBEATS)
    await service.execute("UPDATE jobs SET status = 'running'")
    await service.execute(SILENT)
    status = await service.until(job_id, "interrupted")
    assert status["error"] == {
        "code": "probably_memory",
        "text": "probably killed for memory: last seen at 97% of its limit",
    }
    assert (status["resumable"], status["window"]) == (True, 128)


async def _silent_runner_in_a_transaction(service: Service, job_id: str) -> psycopg.AsyncConnection[Any]:
    """Stand in for a stopped process: silent, with the job's row locked in an open transaction."""
    url = service.services.settings.database_url
    connection = await psycopg.AsyncConnection.connect(url, application_name="importer:gone")
    await service.execute(HEARTBEATS)
    await service.execute("UPDATE jobs SET status = 'running'")
    await connection.execute("SELECT FROM jobs WHERE id = %s FOR UPDATE", (job_id,))
    return connection


async def test_take_over_ends_the_session_of_a_stopped_runner(start_service: StartService) -> None:
    """A stopped process that holds the job's row in a transaction cannot keep it: its session is ended."""
    service = await start_service(worker=False, heartbeat_interval_s=60)
    job_id = await service.upload(b"text")
    async with await _silent_runner_in_a_transaction(service, job_id) as zombie:
        await service.execute(SILENT)
        assert (await service.client.post(f"/api/import/resume/{job_id}")).status_code == 202
        with pytest.raises(psycopg.errors.AdminShutdown):
            await zombie.execute("UPDATE jobs SET documents_done = 7")
        await zombie.close()
    status = await service.status(job_id)
    assert (status["status"], status["epoch"], status["documents_done"]) == ("queued", 2, 0)


async def test_session_of_a_process_that_beats_for_another_job_is_left_alone(start_service: StartService) -> None:
    """A process with one beating job is alive, so none of its sessions is ended."""
    service = await start_service(worker=False, heartbeat_interval_s=60, stalled_after_s=600)
    silent, alive = await service.upload(b"one"), await service.upload(b"two")
    async with await _silent_runner_in_a_transaction(service, silent) as connection:
        await service.execute("UPDATE heartbeats SET beat_at = now() - interval '1 hour' WHERE job_id = %s", silent)
        assert (await service.client.post(f"/api/import/resume/{alive}")).status_code == 409
        await connection.execute("SELECT 1")
    assert (await service.status(silent))["status"] == "running"


async def test_live_job_is_not_stolen_by_another_instance(start_service: StartService) -> None:
    """A second instance starts and supervises for longer than the silence that counts, and the job still runs."""
    first = await start_service(_work_until_stopped)
    job_id = await first.upload(b"text")
    await first.until(job_id, "running")
    second = await start_service(_work_for_ever)
    before = await first.execute("SELECT beat_at FROM heartbeats")
    async with asyncio.timeout(20):
        while (await second.execute("SELECT beat_at > %s + interval '1.5 seconds' FROM heartbeats", *before[0])) == [
            (False,)
        ]:
            await asyncio.sleep(0.05)
    status = await second.status(job_id)
    assert (status["status"], status["epoch"], status["attempt"]) == ("running", 1, 1)


async def test_auto_resume_goes_on_with_what_was_interrupted(start_service: StartService) -> None:
    """With auto_resume on, an import that was interrupted before the start is done without anybody's doing."""
    first = await start_service(worker=False)
    job_id = await _interrupted_job(first)
    second = await start_service(auto_resume=True)
    status = await second.until(job_id, "completed")
    assert (status["epoch"], status["attempt"]) == (2, 2)


async def test_auto_resume_takes_up_what_loses_its_worker_later(start_service: StartService) -> None:
    """A job that falls silent while the service is up is resumed too; one that a provider interrupted is not."""
    service = await start_service(auto_resume=True, worker=False)
    silent, refused = await service.upload(b"one"), await service.upload(b"two")
    await service.execute(HEARTBEATS)
    await service.execute("UPDATE jobs SET status = 'running'")
    await service.execute(SILENT)
    await service.until(silent, "queued")
    await service.until(refused, "queued")
    await service.execute(
        "UPDATE jobs SET status = 'interrupted', committed_at_claim = -1,"
        " error_code = CASE WHEN id = %s THEN 'provider_auth' ELSE 'lost_worker' END",
        refused,
    )
    await service.until(silent, "queued")
    assert (await service.status(refused))["status"] == "interrupted"


async def test_auto_resume_does_not_repeat_an_attempt_without_progress(start_service: StartService) -> None:
    """An import whose second attempt ended without a commit waits for a person: no loop of kills."""
    first = await start_service(worker=False)
    hopeless, fresh = await _interrupted_job(first), await first.upload(b"other")
    await first.execute("UPDATE jobs SET attempt = 2 WHERE id = %s", hopeless)
    await first.execute("UPDATE jobs SET status = 'interrupted', error_code = 'lost_worker' WHERE id = %s", fresh)
    second = await start_service(auto_resume=True)
    await second.until(fresh, "completed")
    assert (await second.status(hopeless))["status"] == "interrupted"


async def test_shutdown_leaves_the_job_resumable(start_service: StartService) -> None:
    """The stop event reaches the pipeline, whose interruption is recorded; the queue is empty afterwards."""
    service = await start_service(_work_until_stopped)
    job_id = await service.upload(b"text")
    await service.until(job_id, "running")
    service.stop.set()
    status = await service.until(job_id, "interrupted")
    assert (status["error"]["code"], status["resumable"]) == ("shutdown", True)


async def test_pipeline_that_ignores_the_stop_is_cut_off(start_service: StartService) -> None:
    """When the grace is over, the job is recorded as interrupted without its pipeline's consent."""
    service = await start_service(_work_for_ever, shutdown_grace_s=0.1)
    job_id = await service.upload(b"text")
    await service.until(job_id, "running")
    service.stop.set()
    assert (await service.until(job_id, "interrupted"))["error"]["code"] == "shutdown"


async def test_cancel_fences_the_runner(start_service: StartService) -> None:
    """A cancelled job's runner is stopped by its next heartbeat and changes nothing."""
    cancelled = asyncio.Event()

    async def work(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    service = await start_service(work)
    job_id = await service.upload(b"text")
    await service.until(job_id, "running")
    assert (await service.client.post(f"/api/import/cancel/{job_id}")).status_code == 202
    async with asyncio.timeout(10):
        await cancelled.wait()
    status = await service.status(job_id)
    assert (status["status"], status["epoch"], status["resumable"]) == ("cancelled", 2, True)
    assert (await service.client.post(f"/api/import/cancel/{job_id}")).status_code == 409


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Interrupted("provider_unauthorized", "the key is refused"), "interrupted", "provider_unauthorized"),
        (ValueError("postgresql://user:secret@host"), "failed", "internal"),
    ],
)
async def test_outcome_tells_the_cause_and_no_secret(
    start_service: StartService, error: Exception, status: str, code: str | None
) -> None:
    """An interruption keeps its code; an unforeseen error fails the job, and its text is not shown."""

    async def fail(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
        raise error

    service = await start_service(fail)
    job_id = await service.upload(b"text")
    told = await service.until(job_id, "interrupted", "failed")
    assert (told["status"], told["error"]["code"], told["resumable"]) == (status, code, True)
    assert "secret" not in str(told)


async def test_fenced_pipeline_writes_no_outcome(start_service: StartService) -> None:
    """A runner that finds itself fenced leaves the job as whoever took it over has made it."""

    async def fenced(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
        async with services.pool.connection() as connection:
            await connection.execute("UPDATE jobs SET epoch = 9")
        raise Fenced("taken over")

    service = await start_service(fenced, stalled_after_s=30)
    job_id = await service.upload(b"text")
    async with asyncio.timeout(10):
        while await service.execute(QUEUE_JOBS) != [(0,)]:
            await asyncio.sleep(0.02)
    status = await service.status(job_id)
    assert (status["status"], status["epoch"]) == ("running", 9)


async def test_job_whose_queue_job_was_lost_is_queued_again(start_service: StartService) -> None:
    """A worker that died between fetching and claiming leaves a queued job behind; it is found and run."""
    first = await start_service(worker=False, stalled_after_s=3600)
    job_id = await first.upload(b"text")
    await first.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    await first.execute("UPDATE procrastinate_events SET at = now() - interval '1 hour'")
    second = await start_service()
    status = await second.until(job_id, "completed")
    assert (status["epoch"], status["attempt"]) == (2, 1)


async def test_delete_removes_job_and_upload_but_not_a_running_one(start_service: StartService) -> None:
    """DELETE: 409 while running; afterwards job, upload and documents nobody else refers to are gone."""
    service = await start_service(worker=False)
    kept, dropped = await service.upload(b"one"), await service.upload(b"two")
    await service.execute("UPDATE jobs SET status = 'completed'")
    for position, (job_id, document) in enumerate([(kept, 1), (dropped, 1), (dropped, 2)]):
        await service.execute(
            "INSERT INTO job_documents (job_id, position, name, outcome, document_id)"
            " VALUES (%s, %s, 'd', 'stored', lpad(%s, 32, '0')::uuid)",
            job_id, position, str(document),
        )  # fmt: skip
    await service.execute(
        "INSERT INTO documents (id, name, title, model, chunk_count)"
        " SELECT lpad(n::text, 32, '0')::uuid, 'd', '', 'm', 1 FROM generate_series(1, 2) AS n"
    )
    await service.execute("INSERT INTO chunks SELECT id, %s, 'm', 'text' FROM documents", dropped)
    await service.execute("INSERT INTO document_chunks SELECT id, 0, id FROM documents")
    await service.execute("UPDATE jobs SET status = 'running' WHERE id = %s", dropped)
    await service.execute("INSERT INTO heartbeats (job_id, epoch, runner) SELECT id, epoch, 'x' FROM jobs")
    answer = await service.client.delete(f"/api/import/{dropped}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "running")
    await service.execute("UPDATE jobs SET status = 'completed'")
    assert (await service.client.delete(f"/api/import/{dropped}")).status_code == 200
    for table in ("jobs", "upload_parts", "documents", "chunks"):
        assert await service.execute(f"SELECT count(*) FROM {table}") == [(1,)]  # noqa: S608
    assert (await service.client.delete(f"/api/import/{dropped}")).status_code == 404


async def test_garbage_waits_for_running_imports(start_service: StartService) -> None:
    """What a running import may rely on is not collected; it is once the import has ended."""
    service = await start_service(worker=False)
    running, dropped = await service.upload(b"one"), await service.upload(b"two")
    await service.execute("UPDATE jobs SET status = 'running' WHERE id = %s", running)
    await service.execute(
        "INSERT INTO heartbeats (job_id, epoch, runner, beat_at)"
        " SELECT id, epoch, 'x', now() + interval '1 hour' FROM jobs"
    )
    await service.execute(
        "INSERT INTO documents (id, name, title, model, chunk_count) VALUES (gen_random_uuid(), 'd', '', 'm', 1)"
    )
    assert (await service.client.delete(f"/api/import/{dropped}")).status_code == 200
    assert await service.execute("SELECT count(*) FROM documents") == [(1,)]
    await service.execute("UPDATE jobs SET status = 'completed'")
    async with asyncio.timeout(10):
        while await service.execute("SELECT count(*) FROM documents") != [(0,)]:
            await asyncio.sleep(0.02)
