"""The start page: what is accepted, what is refused, and an upload that can be watched and stopped."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from harness.containers.container import Backend
from harness.dependencies.postgres import fresh_database
from tests.browser.browsing import OUTAGE, Complaints
from tests.browser.documents import papers, plain
from tests.browser.importing import expect_headline
from tests.browser.serving import Served, serve
from tests.browser.surroundings import Surroundings

KB = 1024
_DROP = """([names]) => {
  const transfer = new DataTransfer();
  for (const name of names) transfer.items.add(new File(["a text of its own"], name));
  const zone = document.querySelector(".drop");
  zone.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def strict(surroundings: Surroundings, backend: Backend, run_dir: Path) -> Iterator[Served]:
    """A service that takes little."""
    settings = {"upload_max_bytes": str(100 * KB), "upload_max_files": "2", "pdf_max_pages": "12"}
    with fresh_database(surroundings.server) as url, serve(surroundings, url, backend, run_dir, settings) as served:
        yield served


def test_limits_and_formats_are_told_before_an_upload(page: Page, strict: Served) -> None:
    """What the service takes stands on the page, from its own settings."""
    page.goto(strict.url)
    accepted = page.get_by_role("region", name="What can be imported")
    expect(accepted).to_contain_text("Up to 2 files at a time, 100 kB each. A PDF may have 12 pages.")
    for suffix in (".pdf", ".jsonl", ".csv", ".bib", ".ris", ".txt", ".md", ".zip"):
        expect(accepted).to_contain_text(suffix)
    expect(page.get_by_role("button", name="Start import")).to_be_hidden()


def test_file_that_is_too_large_is_refused_before_it_is_sent(page: Page, strict: Served) -> None:
    """The file is named with its size and the limit; the others are imported without it."""
    strict.gate.open()
    page.goto(strict.url)
    files = [plain("large.txt", "x" * 150 * KB), plain("one.txt", "one"), plain("two.txt", "two"), plain("3.txt", "3")]
    page.locator("#files").set_input_files(files)
    rows = page.locator(".chosen li")
    expect(rows.nth(0)).to_contain_text("Too large: 150 kB. A file may have 100 kB. It will not be uploaded.")
    expect(rows.nth(3)).to_contain_text("One file too many. An upload may have 2.")
    expect(page.get_by_role("heading", name="2 files, 6 bytes")).to_be_visible()
    page.get_by_role("button", name="Remove one.txt").click()
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Start import").click()
    expect_headline(page, "Everything is imported")
    expect(page.get_by_text("2 documents stored and ready to search.")).to_be_visible()


def test_refusal_of_the_service_is_told_in_words(page: Page, strict: Served, complaints: Complaints) -> None:
    """Where only the service knows, its refusal is shown, nothing is stored, and the files are still chosen."""
    complaints.expect(OUTAGE)
    before = strict.execute("SELECT count(*) FROM jobs")

    def enlarge(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps({**answer.json(), "file_max_bytes": 10**9}))

    page.route("**/api/import/limits", enlarge)
    page.goto(strict.url)
    page.locator("#files").set_input_files([plain("large.txt", "x" * 900 * KB)])
    page.get_by_role("button", name="Start import").click()
    expect(page.get_by_role("alert")).to_have_text(
        "The upload was refused and nothing was stored. A file is larger than the service takes. (413)"
    )
    expect(page.locator(".chosen li")).to_have_count(1)
    assert strict.execute("SELECT count(*) FROM jobs") == before


def test_broken_upload_can_be_tried_again(page: Page, service: Served, complaints: Complaints) -> None:
    """The connection breaks: the page says that nothing was stored, and the same files go through afterwards."""
    complaints.expect(OUTAGE)

    def cut(route: Route) -> None:
        route.abort("connectionreset")

    page.route("**/api/import", cut, times=1)
    page.goto(service.url)
    page.locator("#files").set_input_files([plain("one.txt", "a text")])
    page.get_by_role("button", name="Start import").click()
    expect(page.get_by_role("alert")).to_contain_text("The connection broke during the upload.")
    page.get_by_role("button", name="Start import").click()
    expect_headline(page, "Everything is imported")


def test_upload_shows_its_progress_and_can_be_stopped(page: Page, service: Served) -> None:
    """On a slow line the bar moves, leaving the page is warned of, and stopping stores nothing."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200 * KB}
    page.goto(service.url)
    page.locator("#files").set_input_files([plain("long.txt", "x" * 4000 * KB)])
    line.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Start import").click()
    bar = page.get_by_role("progressbar", name="Upload progress")
    expect(bar).to_be_visible()
    expect(bar).not_to_have_js_property("value", 0)
    expect(page.get_by_text("of 3.9 MB")).to_be_visible()
    page.get_by_role("button", name="한국어").click()
    expect(page.get_by_role("progressbar", name="업로드 진행률")).to_be_visible()
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Stop upload").click()
    expect(page.get_by_role("alert")).to_have_text("The upload was stopped. Nothing was stored.")
    expect(page.get_by_role("button", name="Start import")).to_be_enabled()


def test_dropped_files_are_chosen(page: Page, service: Served) -> None:
    """Files that are dropped stand beside those that were chosen, each once; one that misses opens nothing."""
    page.goto(service.url)
    page.locator("#files").set_input_files([papers(1)])
    expect(page.locator(".chosen li")).to_have_count(1)
    page.evaluate(_DROP, [["a.txt", "b.txt"]])
    expect(page.locator(".chosen li .name")).to_have_text(["papers.jsonl", "a.txt", "b.txt"])
    page.evaluate("document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true }))")
    page.get_by_role("button", name="Start import").click()
    expect_headline(page, "Everything is imported")
