"""The incident: an import that died on its way is one button away from going on."""

import re
import signal

import pytest
from playwright.sync_api import Page, expect

from harness.containers.container import Backend
from tests.browser.browsing import OUTAGE, Complaints
from tests.browser.conftest import Serve
from tests.browser.importing import (
    DOCUMENTS,
    STORED_AT_LEAST,
    expect_headline,
    lost_banner,
    resume_button,
    start_and_hold,
)
from tests.browser.serving import AT_RISK_INPUTS, Served, until

SIMULATED = "not on this machine: no kernel enforces the limit, so nothing counts its kills"


def _stored(service: Served, job_id: str) -> int:
    return int(service.status(job_id)["documents_done"])


def _expect_interrupted(page: Page, service: Served, job_id: str) -> None:
    """The counts are those of the database, and Resume is the primary button, the first of three."""
    stored = _stored(service, job_id)
    assert STORED_AT_LEAST <= stored < DOCUMENTS
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
    job_id = start_and_hold(page, service)
    service.kill()
    expect(lost_banner(page)).to_be_visible()
    service.gate.open()
    service.start()
    expect_headline(page, "Its worker stopped answering")
    expect(lost_banner(page)).to_be_hidden()
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
    page: Page, own_service: Serve, complaints: Complaints, backend: Backend
) -> None:
    """The kernel kills for memory; started again, the page says so, and what the next attempt does otherwise.

    A second kill without progress takes Resume away until there is a larger limit; then one click finishes it.
    """
    if backend.simulated:
        pytest.skip(SIMULATED)
    complaints.expect(OUTAGE)
    service = own_service(limit_mb=160)
    mark = service.ledger_mark()
    job_id = start_and_hold(page, service)
    service.squeeze()
    expect(lost_banner(page)).to_be_visible()
    service.start()
    expect_headline(page, "Killed for memory")
    _expect_interrupted(page, service, job_id)
    expect(page.get_by_text(re.compile("own count of memory kills went up"))).to_be_visible()
    expect(page.get_by_text("It holds at most 128 chunks in memory at once, instead of 256.")).to_be_visible()
    resume_button(page).click()
    expect_headline(page, "Importing")
    until(lambda: service.execute("SELECT epoch FROM heartbeats") == [(2,)], "the second attempt gives signs of life")
    service.squeeze()
    service.start()
    expect_headline(page, "It needs more memory")
    expect(page.get_by_text(re.compile("Memory killed it twice without progress"))).to_be_visible()
    expect(resume_button(page)).to_have_count(0)
    service.gate.open()
    service.widen(320 * 2**20)
    expect(page.get_by_text("The limit is larger now, so it can go on.")).to_be_visible()
    resume_button(page).click()
    expect_headline(page, "Everything is imported")
    assert _stored(service, job_id) == DOCUMENTS
    assert service.billed_twice(mark) <= 2 * AT_RISK_INPUTS


def test_memory_kill_is_probable_where_only_the_last_heartbeat_speaks(
    page: Page, own_service: Serve, complaints: Complaints
) -> None:
    """Gone at nearly its limit and started in a new container: the page says what was seen, and that it is a guess."""
    complaints.expect(OUTAGE)
    service = own_service()
    job_id = start_and_hold(page, service)
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
    """SIGTERM: a page that listens does not hold it up; then the page tells of it, and one click goes on."""
    complaints.expect(OUTAGE)
    service = own_service(shutdown_grace_s="20")
    job_id = start_and_hold(page, service)
    service.container.signal(signal.SIGTERM)
    until(lambda: not service.is_ready(), "the service takes no more calls")
    service.gate.open()
    service.wait_for_end()
    ended = service.container.poll()
    assert ended is not None
    assert (ended.code, ended.signal) == (0, None)
    assert "graceful shutdown exceeded" not in service.launch.log_path.read_text(encoding="utf-8")
    service.start()
    expect_headline(page, "The service was shut down")
    _expect_interrupted(page, service, job_id)
    resume_button(page).click()
    expect_headline(page, "Everything is imported")
