"""An import from the choice of its files to its results."""

import csv
import re
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.browsing import OUTAGE, Complaints
from tests.browser.documents import plain
from tests.browser.importing import (
    DOCUMENTS,
    PARTLY,
    expect_headline,
    figure,
    lost_banner,
    start_and_hold,
    start_import,
    until_status,
)
from tests.browser.serving import Served
from tests.integration.corpus import real_documents

SENTENCE = "improving the performance of unimodal dynamic hand-gesture recognition with multimodal training"


def test_real_documents_are_imported_and_found(page: Page, service: Served, tmp_path: Path) -> None:
    """Real PDFs and a JSONL: progress reaches 100 %, and a search finds a sentence that is known to be there."""
    corpus = real_documents()
    records = tmp_path / "arxiv.jsonl"
    with (corpus / "records" / "arxiv.jsonl").open(encoding="utf-8") as lines:
        records.write_text("".join(next(lines) for _ in range(40)), encoding="utf-8")
    pdfs = sorted((corpus / "pdfs").glob("jose-papers__*.pdf"))[:3]
    page.goto(service.url)
    page.locator("#files").set_input_files([records, *pdfs])
    page.get_by_role("button", name="Start import").click()
    expect_headline(page, "Everything is imported")
    expect(page.get_by_text("43 documents stored and ready to search.")).to_be_visible()
    page.get_by_label("Search everything that was imported").fill(SENTENCE)
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".found li").first).to_contain_text(SENTENCE, ignore_case=True)
    page.get_by_role("button", name="Back to the documents").click()
    expect(page.locator("ul.documents > li")).to_have_count(10)


def test_progress_is_live_and_a_reload_loses_nothing(page: Page, service: Served) -> None:
    """Numbers, stage and memory move by themselves; after a reload they and the graph's past are there again."""
    job_id = start_and_hold(page, service)
    expect(page.locator("li[aria-current=step]")).to_have_count(1)
    expect(figure(page, "Speed")).to_contain_text("chunks")
    expect(figure(page, "Time left")).to_contain_text("about")
    graph = page.get_by_role("img", name=re.compile("Memory over time: now .* limit 512 MB, budget 333 MB"))
    expect(graph).to_be_visible()
    expect(graph.get_by_text("65% budget, 333 MB")).to_be_visible()
    first = page.locator(".axis span").first.inner_text()
    page.reload()
    expect(page.locator(".axis span").first).to_have_text(first)
    expect(figure(page, "Documents stored")).to_have_text(PARTLY)
    service.gate.open()
    expect_headline(page, "Everything is imported")
    assert service.status(job_id)["documents_done"] == DOCUMENTS
    assert page.title() == "Completed · papers.jsonl · Importer"


def test_polling_takes_over_where_events_do_not_come_through(
    page: Page, service: Served, complaints: Complaints
) -> None:
    """Behind a proxy that answers events with something else, the page polls and reaches the end."""
    complaints.expect(OUTAGE)
    page.route("**/api/import/events/*", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    start_and_hold(page, service)
    expect(lost_banner(page)).to_be_hidden()
    service.gate.open()
    expect_headline(page, "Everything is imported")


def test_lost_connection_is_a_state_of_its_own(page: Page, service: Served, complaints: Complaints) -> None:
    """While nothing comes through, the page says so and keeps what it knows; then it goes on by itself."""
    complaints.expect(OUTAGE)
    start_and_hold(page, service)

    def cut(route: Route) -> None:
        route.abort("connectionrefused")

    page.route("**/api/**", cut)
    page.reload()
    expect(lost_banner(page)).to_be_visible()
    page.unroute("**/api/**", cut)
    expect(figure(page, "Documents stored")).to_have_text(PARTLY)
    expect(lost_banner(page)).to_be_hidden()
    service.gate.open()
    expect_headline(page, "Everything is imported")


def test_failed_documents_are_listed_and_downloaded(page: Page, service: Served) -> None:
    """Completed with errors: the reasons in a table, and the same as a CSV that no spreadsheet runs."""
    files = [plain("good.txt", "a text"), plain("empty.txt", " "), plain("=1+2.txt", "")]
    job_id = start_import(page, service, files)
    expect_headline(page, "Imported, but not everything")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("empty.txt")
    expect(rows.nth(1)).to_contain_text("Empty")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    assert download.value.suggested_filename == f"failed-{job_id}.csv"
    table = list(csv.reader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert [row[:3] for row in table] == [
        ["position", "name", "reason"], ["1", "empty.txt", "empty"], ["2", "'=1+2.txt", "empty"],
    ]  # fmt: skip


def test_import_is_cancelled_resumed_and_deleted(page: Page, service: Served) -> None:
    """Cancel keeps what is stored; the import can go on; deleting asks first and leads back to the list."""
    job_id = start_and_hold(page, service)
    page.get_by_role("button", name="Cancel import").click()
    expect_headline(page, "The import was cancelled")
    service.gate.open()
    page.get_by_role("button", name="Resume import").click()
    expect_headline(page, "Everything is imported")
    page.get_by_role("button", name="Delete import").click()
    dialog = page.get_by_role("dialog", name="Delete this import?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="Imports")).to_be_focused()
    assert service.execute("SELECT count(*) FROM jobs WHERE id = %s", job_id) == [(0,)]


def test_unknown_import_says_so(page: Page, service: Served, complaints: Complaints) -> None:
    """A link to an import that was deleted, or never was, leads to the list."""
    complaints.expect(OUTAGE)
    page.goto(f"{service.url}/imports/00000000-0000-0000-0000-000000000000")
    expect(page.get_by_role("heading", name="There is no such import")).to_be_visible()
    page.get_by_role("link", name="See all imports").click()
    expect(page.get_by_role("heading", name="Imports")).to_be_visible()


def test_page_follows_what_another_tab_does(page: Page, service: Served) -> None:
    """An import that is over is looked at again when the tab is shown: another one may have resumed it."""
    job_id = start_and_hold(page, service)
    page.get_by_role("button", name="Cancel import").click()
    expect_headline(page, "The import was cancelled")
    other = page.context.new_page()
    other.goto(page.url)
    service.gate.open()
    other.get_by_role("button", name="Resume import").click()
    until_status(service, job_id, "completed")
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect_headline(page, "Everything is imported")
