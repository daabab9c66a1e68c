"""The incident: an import that died on its way is one button away from going on."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.browsing import OUTAGE, Complaints
from tests.browser.conftest import Serve
from tests.browser.documents import papers
from tests.browser.importing import expect_headline, resume_button, start_and_hold, start_import, until_status
from tests.browser.serving import AT_RISK_INPUTS, Served, until

DOCUMENTS = 400
UNTIL_KILLED_MS = 60_000.0
HUGE_ANSWER_BYTES = 16 * 2**20
"""Eight of them at once do not fit into 128 MB."""


def _stored(service: Served, job_id: str) -> int:
    return int(service.status(job_id)["documents_done"])


def _expect_interrupted(page: Page, service: Served, job_id: str) -> None:
    """The counts are those of the database, and Resume is the primary button, the first of three."""
    stored = _stored(service, job_id)
    assert 32 <= stored < DOCUMENTS
    said = f"{stored} of {DOCUMENTS} documents stored. {DOCUMENTS - stored} left"
    expect(page.locator(".fact").first).to_contain_text(said)
    expect(page.locator(".fact").first).to_contain_text("Nothing stored is paid for twice.")
    buttons = page.locator("section.warn .actions > *")
    expect(buttons).to_have_text(["Resume import", "Upload again", "Show partial results"])
    expect(page.locator(".primary")).to_have_text(["Resume import"])


def test_service_killed_in_mid_import_is_resumed_by_one_click(
    page: Page, own_service: Serve, complaints: Complaints
) -> None:
    """SIGKILL and a new start: the open page comes back by itself, and one click ends the import at no double cost."""
    complaints.expect(OUTAGE)
    service = own_service()
    mark = service.ledger_mark()
    job_id = start_and_hold(page, service, DOCUMENTS, UNTIL_KILLED_MS)
    service.kill()
    expect(page.get_by_text("Connection lost, trying again…")).to_be_visible()
    service.provider()
    service.start()
    expect_headline(page, "Its worker stopped answering")
    expect(page.get_by_text("Connection lost, trying again…")).to_be_hidden()
    _expect_interrupted(page, service, job_id)
    page.get_by_role("button", name="Show partial results").click()
    expect(page.get_by_role("heading", name="Stored so far")).to_be_focused()
    expect(page.locator("#partial li")).to_have_count(10)
    resume_button(page).click()
    expect_headline(page, "Everything is imported")
    assert _stored(service, job_id) == DOCUMENTS
    assert service.status(job_id)["attempt"] == 2
    assert service.billed_twice(mark) <= AT_RISK_INPUTS
    assert service.execute("SELECT count(*) FROM job_documents WHERE outcome = 'stored'") == [(DOCUMENTS,)]


def test_memory_kill_is_told_where_the_counters_prove_it(
    page: Page, own_service: Serve, complaints: Complaints, backend: Any
) -> None:
    """The kernel kills for memory; started again in the same container, the page says so and what will differ."""
    complaints.expect(OUTAGE)
    service = own_service(limit_mb=128)
    mark = service.ledger_mark()
    job_id = start_and_hold(page, service, DOCUMENTS, hold_ms=1_000)
    service.provider(llm_answer_bytes=HUGE_ANSWER_BYTES)
    service.wait_for_memory_kill()
    expect(page.get_by_text("Connection lost, trying again…")).to_be_visible()
    service.provider()
    service.start()
    proved = not backend.simulated
    expect_headline(page, "Killed for memory") if proved else until_status(service, job_id, "interrupted")
    _expect_interrupted(page, service, job_id)
    if proved:
        expect(page.get_by_text(re.compile("own count of memory kills went up"))).to_be_visible()
        expect(page.get_by_text("It holds at most 128 chunks in memory at once, instead of 256.")).to_be_visible()
    resume_button(page).click()
    expect_headline(page, "Everything is imported")
    assert _stored(service, job_id) == DOCUMENTS
    assert service.billed_twice(mark) <= AT_RISK_INPUTS


def test_memory_kill_is_probable_where_only_the_last_heartbeat_speaks(
    page: Page, own_service: Serve, complaints: Complaints
) -> None:
    """Gone at nearly its limit and started in a new container: the page says what was seen, and that it is a guess."""
    complaints.expect(OUTAGE)
    service = own_service()
    job_id = start_and_hold(page, service, DOCUMENTS, UNTIL_KILLED_MS)
    used = int(service.status(job_id)["memory_bytes"])
    service.execute("UPDATE heartbeats SET memory_bytes = %s, limit_bytes = %s", 97 * used, 100 * used)
    service.kill()
    service.execute("UPDATE heartbeats SET memory_bytes = %s, limit_bytes = %s", 97 * used, 100 * used)
    service.move()
    service.start()
    expect_headline(page, "Probably killed for memory: last seen at 97% of its limit")
    expect(page.get_by_text("Nothing proves it.")).to_be_visible()
    _expect_interrupted(page, service, job_id)


def test_shutdown_is_told_and_resumed(page: Page, own_service: Serve, complaints: Complaints) -> None:
    """SIGTERM: the page says that the service was shut down, and the import goes on by one click."""
    complaints.expect(OUTAGE)
    service = own_service()
    job_id = start_and_hold(page, service, DOCUMENTS, UNTIL_KILLED_MS)
    service.container.signal(15)
    service.wait_for_end()
    service.provider()
    service.start()
    expect_headline(page, "The service was shut down")
    _expect_interrupted(page, service, job_id)
    resume_button(page).click()
    expect_headline(page, "Everything is imported")


def test_open_events_do_not_hold_a_shutdown_up(page: Page, own_service: Serve, complaints: Complaints) -> None:
    """With a page that listens, the service ends as soon as its import has."""
    complaints.expect(OUTAGE)
    service = own_service(shutdown_grace_s="20")
    service.provider(latency_request_ms=200)
    job_id = start_import(page, service, [papers(100)])
    until_status(service, job_id, "running")
    expect_headline(page, "Importing")
    service.container.signal(15)
    until(lambda: service.container.poll() is not None, "the service has ended")
    ended = service.container.poll()
    assert ended is not None
    assert (ended.code, ended.signal) == (0, None)
    assert "graceful shutdown exceeded" not in service.launch.log_path.read_text(encoding="utf-8")
