"""What a person does on the pages, in the words that the pages use."""

import re
from collections.abc import Sequence

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.documents import papers
from tests.browser.serving import Served, until

DOCUMENTS = 160
_PASSING = 80
STORED_AT_LEAST = 32
"""Of the documents that pass, those whose transaction is complete in any case."""
PARTLY = re.compile(rf"[1-9]\d* of {DOCUMENTS}")


def start_import(page: Page, service: Served, files: Sequence[FilePayload]) -> str:
    """Choose files on the start page and begin; return the import's id once its own page is open."""
    page.goto(service.url)
    page.locator("#files").set_input_files(list(files))
    page.get_by_role("button", name="Start import").click()
    page.wait_for_url("**/imports/*")
    return page.url.rpartition("/")[2]


def start_and_hold(page: Page, service: Served) -> str:
    """Begin an import, and leave it waiting for its provider with a part of it stored and shown."""
    service.gate.close_after(_PASSING)
    job_id = start_import(page, service, [papers(DOCUMENTS)])
    until_done(service, job_id, STORED_AT_LEAST)
    expect(figure(page, "Documents stored")).to_have_text(PARTLY)
    return job_id


def until_done(service: Served, job_id: str, documents: int) -> None:
    """Wait until so many documents are stored."""
    until(lambda: int(service.status(job_id)["documents_done"]) >= documents, f"{documents} documents are stored")


def until_status(service: Served, job_id: str, status: str) -> None:
    """Wait until the import is in this state."""
    until(lambda: service.status(job_id)["status"] == status, f"the import is {status}")


def resume_button(page: Page) -> Locator:
    """The one button that goes on."""
    return page.get_by_role("button", name="Resume import")


def expect_headline(page: Page, text: str) -> None:
    """Expect the panel of the state to say this."""
    expect(page.locator("#state_title")).to_have_text(text)


def lost_banner(page: Page) -> Locator:
    """What says that the connection is lost; a screen reader is told the same elsewhere."""
    return page.locator("main").get_by_text("Connection lost, trying again…")


def figure(page: Page, name: str) -> Locator:
    """A number of a running import by its label."""
    return page.locator("dl > div", has_text=name).locator("dd")
