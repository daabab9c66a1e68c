"""Routes other than the upload: token, lists, health, metrics, errors as JSON."""

import asyncio

import pytest

from importer.database.jobs import RunningJob
from importer.services import Services
from tests.integration.service.conftest import Service, StartService


async def test_every_api_call_needs_the_token(start_service: StartService) -> None:
    """With a token set, calls without it or with another get 401 as JSON; health and metrics stay open."""
    service = await start_service(worker=False, api_token="right")
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "right"}):
        for path in ("/api/import/jobs", "/api/search?q=x"):
            answer = await service.client.get(path, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    answer = await service.client.post("/api/import", files=[("files", ("a.txt", b"x"))])
    assert answer.status_code == 401
    assert (await service.client.get("/api/import/jobs", headers={"authorization": "Bearer right"})).status_code == 200
    assert (await service.client.get("/health")).status_code == 200


async def test_health_echoes_the_nonce_and_tells_the_environment(start_service: StartService) -> None:
    """Readiness comes with the environment's name and what was sent along."""
    service = await start_service(worker=False, environment="staging")
    answer = await service.client.get("/health?nonce=n1")
    assert answer.json() == {"status": "ok", "environment": "staging", "nonce": "n1", "index": "off"}


async def test_health_refuses_while_the_schema_is_not_that_of_the_code(start_service: StartService) -> None:
    """A database that lacks a migration answers 503."""
    service = await start_service(worker=False)
    await service.execute("DELETE FROM applied_migrations WHERE component = 'importer'")
    answer = await service.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "not_migrated")


async def test_jobs_are_listed_newest_first_in_pages(start_service: StartService) -> None:
    """Pages follow each other without a gap, by status too."""
    service = await start_service(worker=False)
    ids = [await service.upload(b"text") for _ in range(5)]
    await service.execute("UPDATE jobs SET status = 'interrupted' WHERE id = %s", ids[1])
    pages = [(await service.client.get(f"/api/import/jobs?limit=2&offset={offset}")).json() for offset in (0, 2, 4)]
    assert [job["job_id"] for page in pages for job in page["jobs"]] == ids[::-1]
    assert pages[0]["total"] == 5
    page = (await service.client.get("/api/import/jobs?status=interrupted,failed")).json()
    assert ([job["job_id"] for job in page["jobs"]], page["total"]) == ([ids[1]], 1)


async def test_results_and_errors_list_what_became_of_each_document(start_service: StartService) -> None:
    """Stored documents come with their chunks, failed ones with reason and detail."""
    service = await start_service(worker=False)
    job_id = await service.upload(b"text")
    await service.execute(
        "INSERT INTO job_documents VALUES (%s, 0, 'a', 'stored', %s, NULL, NULL),"
        " (%s, 1, 'b', 'failed', NULL, 'empty', 'no text')",
        job_id, job_id, job_id,
    )  # fmt: skip
    await service.execute("INSERT INTO documents VALUES (%s, 'a', 'A', 'm', 3, NULL)", job_id)
    stored = (await service.client.get(f"/api/import/results/{job_id}")).json()["documents"]
    assert [(one["name"], one["title"], one["chunks"]) for one in stored] == [("a", "A", 3)]
    failed = (await service.client.get(f"/api/import/errors/{job_id}")).json()["errors"]
    assert failed == [{"position": 1, "name": "b", "reason": "empty", "detail": "no text"}]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/import/status/nonsense", 404, "unknown_job"),
        ("/api/import/status/00000000-0000-0000-0000-000000000000", 404, "unknown_job"),
        ("/api/import/jobs?limit=0", 422, "invalid_parameter"),
        ("/api/import/jobs?status=odd", 422, "invalid_parameter"),
        ("/nowhere", 404, "not_found"),
        ("/api/import", 405, "method_not_allowed"),
    ],
)
async def test_errors_are_json(start_service: StartService, path: str, status: int, code: str | None) -> None:
    """Whatever goes wrong, the answer has one form."""
    service = await start_service(worker=False)
    answer = await service.client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_metrics_tell_jobs_and_memory(start_service: StartService) -> None:
    """Prometheus text with jobs by state and the cgroup's memory."""
    service = await start_service(worker=False)
    await service.upload(b"text")
    text = (await service.client.get("/metrics")).text
    assert 'importer_jobs{status="queued"} 1\n' in text
    assert "importer_memory_usage_bytes " in text


@pytest.mark.parametrize("index", [{"index": False}, {"index": True}])
@pytest.mark.parametrize(
    ("dimensions", "kind"), [(3, {"halfvec": False}), (3, {"halfvec": True}), (2500, {"halfvec": False})]
)
async def test_search_finds_the_nearest_chunk(
    start_service: StartService,
    monkeypatch: pytest.MonkeyPatch,
    dimensions: int,
    kind: dict[str, bool],
    index: dict[str, bool],
) -> None:
    """The nearest chunk comes first with its document, by an exact scan and through an HNSW index alike."""
    near, far = ([0.0] * dimensions for _ in range(2))
    near[0] = far[1] = 1.0

    async def embed_query(services: Services, text: str) -> str:
        return str(near)

    monkeypatch.setattr("importer.embedding.embed_query", embed_query, raising=False)
    service = await start_service(embedding_dimensions=dimensions, **kind, **index)
    column = "embedding_half" if kind["halfvec"] else "embedding"
    for number, vector in enumerate([far, near]):
        key = f"{number:032}"
        await service.execute("INSERT INTO documents VALUES (%s, %s, '', 'm', 1)", key, f"d{number}")
        await service.execute("INSERT INTO document_chunks VALUES (%s, 0, %s)", key, key)
        insert = f"INSERT INTO chunks (id, job_id, model, text, {column}) VALUES (%s, %s, %s, %s, %s)"  # noqa: S608
        model = service.services.settings.embedding_model
        await service.execute(insert, key, key, model, f"chunk {number}", str(vector))
    if index["index"]:
        await _index_ready(service)
    answer = await service.client.get("/api/search?q=words&limit=2")
    assert answer.status_code == 200, answer.text
    found = answer.json()["results"]
    assert [(one["text"], one["name"]) for one in found] == [("chunk 1", "d1"), ("chunk 0", "d0")]
    assert found[0]["distance"] == pytest.approx(0, abs=1e-3)


async def _index_ready(service: Service) -> None:
    async with asyncio.timeout(20):
        while (await service.client.get("/health")).json()["index"] != "ready":
            await asyncio.sleep(0.02)


async def test_large_import_drops_the_index_and_it_comes_back(start_service: StartService) -> None:
    """A large import runs without the index; afterwards it is built again."""
    names = []

    async def look(job: RunningJob, services: Services, stop: asyncio.Event) -> None:
        async with services.pool.connection() as connection:
            query = "SELECT count(*) FROM pg_indexes WHERE starts_with(indexname, 'chunks_hnsw_')"
            names.append(await (await connection.execute(query)).fetchone())

    service = await start_service(look, embedding_dimensions=3, index=True)
    model = service.services.settings.embedding_model
    await service.execute("INSERT INTO chunks VALUES (gen_random_uuid(), gen_random_uuid(), %s, 'x', '[1,2,3]')", model)
    await _index_ready(service)
    for content in (b"small", b"x" * 1_100_000):
        await service.until(await service.upload(content), "completed")
        await _index_ready(service)
    assert names == [(1,), (0,)]
