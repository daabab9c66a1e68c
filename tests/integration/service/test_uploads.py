"""An upload is stored durably with its job before the answer, or not at all."""

import asyncio
import os
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from importer.database.jobs import RunningJob
from importer.database.upload_file import open_upload
from importer.services import Services
from tests.integration.service.conftest import Service, StartService


async def _stored(service: Service) -> tuple[int, int, int]:
    rows = await service.execute(
        "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM upload_parts), "
        "(SELECT count(*) FROM procrastinate_jobs)"
    )
    return rows[0]


async def test_upload_is_stored_in_parts_and_reads_back_at_any_position(start_service: StartService) -> None:
    """What was uploaded comes back byte by byte, sequentially and from any position, from parts of 256 KiB."""
    service = await start_service(worker=False)
    content = os.urandom(700_001)
    job_id = await service.upload(b"first", content)
    status = await service.status(job_id)
    assert (status["status"], status["upload_bytes"], status["files"]) == ("queued", 700_006, 2)
    sizes = await service.execute("SELECT length(data) FROM upload_parts WHERE file_ordinal = 1 ORDER BY part")
    assert [size for (size,) in sizes] == [262_144, 262_144, 175_713]

    def read() -> tuple[bytes, bytes, bytes]:
        with open_upload(service.services.settings.database_url, UUID(job_id), 1, len(content)) as file:
            whole = file.read()
            file.seek(262_100)
            middle = file.read(100)
            file.seek(-5, os.SEEK_END)
            return whole, middle, file.read()

    assert await asyncio.to_thread(read) == (content, content[262_100:262_200], content[-5:])


async def test_upload_starts_its_job_at_once(start_service: StartService) -> None:
    """The worker is notified by the upload's own commit: the job does not wait for a poll."""
    started = asyncio.Event()

    async def note(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
        assert [file.name for file in job.files] == ["0.txt"]
        started.set()

    service = await start_service(note)
    job_id = await service.upload(b"text")
    async with asyncio.timeout(10):
        await started.wait()
    status = await service.until(job_id, "completed")
    assert (status["progress"], status["attempt"], status["resumable"]) == (1.0, 1, False)


@pytest.mark.parametrize(
    ("settings", "files", "status", "code"),
    [
        ({"upload_max_bytes": 300_000}, [b"x" * 300_000, b"x" * 300_001], 413, "file_too_large"),
        ({"upload_max_files": 2}, [b"a", b"b", b"c"], 413, "too_many_files"),
        ({}, [], 422, "malformed_upload"),
    ],
)
async def test_refused_upload_leaves_nothing(
    start_service: StartService, settings: dict[str, int], files: list[bytes], status: int, code: str | None
) -> None:
    """An upload beyond a limit is refused with its code, and no row of it stays."""
    service = await start_service(worker=False, **settings)
    answer = await service.client.post("/api/import", files=[("files", ("a.txt", one)) for one in files])
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert await _stored(service) == (0, 0, 0)


async def test_truncated_upload_leaves_nothing(start_service: StartService) -> None:
    """A body that ends before its last boundary is malformed."""
    service = await start_service(worker=False)
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + b"x" * 600_000
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await service.client.post("/api/import", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "malformed_upload")
    assert await _stored(service) == (0, 0, 0)


async def test_client_that_breaks_off_leaves_nothing(start_service: StartService) -> None:
    """A body that fails half-way rolls back what was written of it."""
    service = await start_service(worker=False)

    async def broken() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + b"x" * 600_000
        raise httpx.ReadError("gone")

    headers = {"content-type": "multipart/form-data; boundary=b"}
    await service.client.post("/api/import", content=broken(), headers=headers)
    assert await _stored(service) == (0, 0, 0)
