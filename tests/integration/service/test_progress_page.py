"""What the progress page asks: events, memory, limits, failures as a file, and the page's own files."""

import asyncio
import csv
import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import httpx
import pytest

from importer.api import events, pages
from importer.api.answers import ApiError
from importer.api.events import Topics
from importer.database.results import find_job
from tests.integration.service.conftest import Service, StartService

BEATS = "UPDATE heartbeats SET beat_at = beat_at + interval '10 seconds', memory_bytes = memory_bytes + 1"
TOKEN = {"api_token": "right"}


def _snapshots(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: {")]


async def _running_job(service: Service) -> str:
    """A job that runs, as far as the database knows, with its first heartbeat."""
    job_id = await service.upload(b"text")
    await service.execute("UPDATE jobs SET status = 'running'")
    insert = "INSERT INTO heartbeats (job_id, epoch, runner, memory_bytes, limit_bytes) VALUES (%s, 1, 'x', 60, 100)"
    await service.execute(insert, job_id)
    return job_id


async def test_events_end_with_the_import(start_service: StartService) -> None:
    """A job that is over is told once, as the status call tells it, and the stream ends."""
    service = await start_service()
    job_id = await service.upload(b"text")
    await service.until(job_id, "completed")
    answer = await service.client.get(f"/api/import/events/{job_id}")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert _snapshots(answer.text) == [await service.status(job_id)]
    assert answer.text.endswith("event: end\ndata:\n\n")


async def test_events_go_on_from_the_last_one_that_was_seen(start_service: StartService) -> None:
    """With `Last-Event-ID` of the present state nothing is repeated; with any other id the state is sent."""
    service = await start_service()
    job_id = await service.upload(b"text")
    await service.until(job_id, "completed")
    path = f"/api/import/events/{job_id}"
    text = (await service.client.get(path)).text
    last = next(line for line in text.splitlines() if line.startswith("id: ")).removeprefix("id: ")
    assert _snapshots((await service.client.get(path, headers={"last-event-id": last})).text) == []
    assert len(_snapshots((await service.client.get(path, headers={"last-event-id": "other"})).text)) == 1


async def test_events_of_many_listeners_cost_one_look(
    start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty who listen to a job all hear of a change, and the database is asked for one of them."""
    service = await start_service(worker=False, stalled_after_s=60)
    job_id = await _running_job(service)
    looks = []

    async def counted(*arguments: Any) -> Any:
        looks.append(arguments)
        return await find_job(*arguments)

    monkeypatch.setattr(events, "find_job", counted)
    topics = Topics(service.services, service.stop)
    listeners = [topics.listen(UUID(job_id), "") for _ in range(20)]
    first = [await _next_snapshot(one) for one in listeners]
    await service.execute("UPDATE jobs SET documents_done = 7")
    second = await asyncio.gather(*(_next_snapshot(one) for one in listeners))
    assert ([one["documents_done"] for one in first], [one["documents_done"] for one in second]) == ([0] * 20, [7] * 20)
    assert len(looks) <= 3
    for one in listeners:
        await one.aclose()
    assert topics.listened == 0


async def _next_snapshot(listener: AsyncGenerator[bytes, None]) -> dict[str, Any]:
    async with asyncio.timeout(10):
        async for event in listener:
            for snapshot in _snapshots(event.decode()):
                return snapshot
    raise AssertionError("the stream ended")


async def test_events_end_when_the_service_stops(start_service: StartService) -> None:
    """The stop event ends every stream, without an `end`: the listener comes again."""
    service = await start_service(worker=False, stalled_after_s=60)
    topics = Topics(service.services, service.stop)
    listener = topics.listen(UUID(await _running_job(service)), "")
    await _next_snapshot(listener)
    service.stop.set()
    async with asyncio.timeout(10):
        assert [event async for event in listener] == []


async def test_events_end_when_the_import_is_deleted(start_service: StartService) -> None:
    """The stream ends, and who comes again is told that there is no such import."""
    service = await start_service(worker=False)
    job_id = await service.upload(b"text")
    topics = Topics(service.services, service.stop)
    listener = topics.listen(UUID(job_id), "")
    await _next_snapshot(listener)
    assert (await service.client.delete(f"/api/import/{job_id}")).status_code == 200
    async with asyncio.timeout(10):
        assert [event async for event in listener] == []
    answer = await service.client.get(f"/api/import/events/{job_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_job")


async def test_events_are_refused_when_too_many_listen(
    start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process has room for so many streams; one more is refused and can poll."""
    monkeypatch.setattr(events, "MOST_LISTENERS", 1)
    service = await start_service(worker=False)
    topics = Topics(service.services, service.stop)
    job_id = UUID(await service.upload(b"text"))
    first = topics.listen(job_id, "")
    await _next_snapshot(first)
    with pytest.raises(ApiError, match="poll the status"):
        await anext(topics.listen(job_id, ""))
    await first.aclose()


@pytest.mark.parametrize("path", ["events/{}", "memory/{}", "errors/{}/csv", "limits"])
async def test_calls_of_the_page_need_the_token(start_service: StartService, path: str) -> None:
    """Events and the page's other calls are closed like the rest of the API; the page itself is open."""
    service = await start_service(worker=False, **TOKEN)
    answer = await service.client.get(f"/api/import/{path.format(UUID(int=0))}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert (await service.client.get("/imports")).status_code == 200


async def test_pace_and_memory_come_from_the_heartbeats(start_service: StartService) -> None:
    """Each heartbeat leaves a trace: the memory of the newest attempt, the rate, and what is left of the time."""
    service = await start_service(worker=False, stalled_after_s=3600)
    job_id = await _running_job(service)
    assert (await service.status(job_id))["seconds_left"] is None
    change = "documents_done = 5, chunks_stored = 40, upload_bytes = 400, upload_done_bytes = 100"
    await service.execute(f"UPDATE jobs SET {change}")  # noqa: S608 - a fixed text
    await service.execute(BEATS)
    status = await service.status(job_id)
    rates = (status["documents_per_s"], status["chunks_per_s"], status["seconds_left"])
    assert rates == pytest.approx((0.5, 4, 30))
    memory = (await service.client.get(f"/api/import/memory/{job_id}")).json()
    assert (memory["epoch"], [used for _, used in memory["samples"]]) == (1, [60, 61])
    await service.execute("UPDATE jobs SET epoch = 2")
    await service.execute("UPDATE heartbeats SET epoch = 2, beat_at = now(), memory_bytes = 7")
    memory = (await service.client.get(f"/api/import/memory/{job_id}")).json()
    assert (memory["epoch"], [used for _, used in memory["samples"]]) == (2, [7])


async def test_long_memory_histories_are_thinned_out_to_their_peaks(start_service: StartService) -> None:
    """However many heartbeats there were, the graph gets a few hundred points, and no peak is lost."""
    service = await start_service(worker=False, stalled_after_s=3600)
    job_id = await _running_job(service)
    for number in range(500):
        await service.execute("UPDATE heartbeats SET beat_at = now(), memory_bytes = %s", 99 if number == 250 else 50)
    samples = (await service.client.get(f"/api/import/memory/{job_id}")).json()["samples"]
    assert len(samples) == 240
    assert max(used for _, used in samples) == 99
    assert (await service.client.post(f"/api/import/cancel/{job_id}")).status_code == 202
    assert (await service.client.delete(f"/api/import/{job_id}")).status_code == 200
    assert await service.execute("SELECT count(*) FROM beats") == [(0,)]


async def test_jobs_of_one_status_are_listed_first(start_service: StartService) -> None:
    """`first` puts a status before all others, each part newest first, through all pages."""
    service = await start_service(worker=False)
    ids = [await service.upload(b"text") for _ in range(5)]
    await service.execute("UPDATE jobs SET status = 'interrupted' WHERE id = ANY (%s::uuid[])", [ids[0], ids[2]])
    pages = [(await service.client.get(f"/api/import/jobs?first=interrupted&limit=2&offset={at}")) for at in (0, 2, 4)]
    told = [job["job_id"] for page in pages for job in page.json()["jobs"]]
    assert told == [ids[2], ids[0], ids[4], ids[3], ids[1]]
    assert (await service.client.get("/api/import/jobs?first=odd")).status_code == 422


async def test_limits_are_those_of_the_settings_and_readers(start_service: StartService) -> None:
    """Sizes, numbers, formats and stages, before anything is uploaded."""
    service = await start_service(worker=False, upload_max_bytes=5, upload_max_files=6, pdf_max_pages=7, index=True)
    told = (await service.client.get("/api/import/limits")).json()
    assert (told["file_max_bytes"], told["max_files"], told["pdf_max_pages"]) == (5, 6, 7)
    assert {"pdf", "jsonl", "csv", "text", "bibtex", "ris", "zip"} <= {one["name"] for one in told["formats"]}
    assert told["stages"] == ["read", "chunk", "embed", "extract", "store", "index"]


async def test_failures_are_a_csv_that_no_spreadsheet_runs(
    start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every failed document, however many pages that takes; what begins like a formula is text."""
    monkeypatch.setattr("importer.api.page_data.CSV_PAGE", 2)
    service = await start_service(worker=False)
    job_id = await service.upload(b"text")
    names = ["=1+2", "plain, with comma", "@x", 'quoted "name"', "한글.txt"]
    for position, name in enumerate(names):
        insert = "INSERT INTO job_documents VALUES (%s, %s, %s, 'failed', NULL, 'empty', 'no text')"
        await service.execute(insert, job_id, position, name)
    answer = await service.client.get(f"/api/import/errors/{job_id}/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert [row["name"] for row in rows] == ["'=1+2", names[1], "'@x", *names[3:]]


@pytest.mark.parametrize("path", ["/", "/imports", f"/imports/{UUID(int=0)}"])
async def test_every_address_of_the_page_gets_the_shell(start_service: StartService, path: str) -> None:
    """One document under a strict policy, asked for anew each time but sent only when it changed."""
    service = await start_service(worker=False)
    answer = await service.client.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-cache")
    again = await service.client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_files_of_the_page_have_their_types_and_nothing_else_is_served(start_service: StartService) -> None:
    """Scripts, styles and pictures, each with its type; no other file, wherever the name points to."""
    service = await start_service(worker=False)
    for path in sorted(pages.WEB.iterdir()):
        answer = await service.client.get(f"/web/{path.name}")
        wanted = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}.get(path.suffix)
        assert answer.headers["content-type"].partition(";")[0] == (wanted or "application/json"), path
    for name in ("index.html", "..%2fapp.py", "%2e%2e/app.py", "missing.js", "MAIN.js", "main.js%00"):
        assert (await service.client.get(httpx.URL(f"http://service/web/{name}"))).status_code == 404, name


def test_shell_asks_for_every_script_at_once() -> None:
    """Each module is named in the shell, so that the page does not wait for one after the other."""
    shell = (pages.WEB / "index.html").read_text("utf-8")
    assert not [path.name for path in pages.WEB.glob("*.js") if f'"/web/{path.name}"' not in shell]


def test_no_script_of_the_page_parses_markup() -> None:
    """Text only: none of the ways in which a text becomes markup or code is in any module."""
    ways = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "Function(",
        "srcdoc",
    ]
    for path in pages.WEB.glob("*.js"):
        text = path.read_text("utf-8")
        assert not [way for way in ways if way in text], path.name
