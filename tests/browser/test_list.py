"""The list of imports: a thousand of them, the interrupted ones on top."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness.containers.container import Backend
from harness.dependencies.postgres import fresh_database
from tests.browser.serving import Served, serve
from tests.browser.states import STATES, WATCH_ONLY, make, make_many
from tests.browser.surroundings import Surroundings


@pytest.fixture(scope="module")
def watching(surroundings: Surroundings, backend: Backend, run_dir: Path) -> Iterator[Served]:
    """A service that runs nothing, for a list of its own."""
    with fresh_database(surroundings.server) as url, serve(surroundings, url, backend, run_dir, WATCH_ONLY) as served:
        yield served


@pytest.fixture
def empty(watching: Served) -> Served:
    """The same without imports."""
    watching.execute("TRUNCATE jobs CASCADE")
    return watching


@pytest.fixture
def thousand(empty: Served) -> Served:
    """The same with a thousand imports."""
    make_many(empty)
    return empty


def test_thousand_imports_are_paged_with_the_interrupted_on_top(page: Page, thousand: Served) -> None:
    """Ten interrupted ones come first, each with its own Resume; then the newest; every page within a second."""
    service = thousand
    page.goto(f"{service.url}/imports")
    interrupted = page.locator("section", has=page.get_by_role("heading", name="Interrupted"))
    expect(interrupted.locator("li")).to_have_count(10)
    expect(interrupted.locator("li a").first).to_have_text("import 50.txt")
    others = page.locator("section", has=page.get_by_role("heading", name="All others"))
    expect(others.locator("li a")).to_have_text([f"import {number}.txt" for number in range(1, 11)])
    expect(page.get_by_text("1\N{EN DASH}20 of 1,000")).to_be_visible()
    button = page.get_by_role("button", name="Resume import of import 50.txt")
    button.click()
    expect(interrupted.locator("li")).to_have_count(9)
    expect(page.locator("li", has_text="import 50.txt").get_by_text("Waiting")).to_have_count(0)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("21\N{EN DASH}40 of 1,000")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("1\N{EN DASH}20 of 1,000")).to_be_visible()
    page.goto(f"{service.url}/imports?page=50")
    expect(page.get_by_text("981\N{EN DASH}1,000 of 1,000")).to_be_visible()
    expect(page.locator("span.disabled", has_text="Next")).to_be_visible()
    took_s = page.evaluate(
        """async () => { const begun = performance.now();
           await (await fetch("/api/import/jobs?first=interrupted&limit=20&offset=980")).text();
           return (performance.now() - begun) / 1000; }"""
    )
    assert took_s < 1
    page.goto(f"{service.url}/imports?page=999")
    expect(page.get_by_text("981\N{EN DASH}1,000 of 1,000")).to_be_visible()


def test_list_keeps_the_focus_while_it_is_brought_up_to_date(page: Page, thousand: Served) -> None:
    """A change elsewhere redraws the list; whoever is on a link stays on it."""
    service = thousand
    page.goto(f"{service.url}/imports")
    link = page.get_by_role("link", name="import 3.txt", exact=True)
    link.focus()
    service.execute(
        "UPDATE jobs SET status = 'failed' WHERE id = (SELECT job_id FROM upload_files WHERE name = 'import 3.txt')"
    )
    expect(page.locator("li", has=link).get_by_text("Failed")).to_be_visible()
    expect(link).to_be_focused()


def test_empty_list_leads_to_the_start(page: Page, empty: Served) -> None:
    """Without imports there is a way to begin one."""
    page.goto(f"{empty.url}/imports")
    expect(page.get_by_role("heading", name="No imports yet")).to_be_visible()
    page.locator("main").get_by_role("link", name="New import").click()
    expect(page.get_by_role("heading", name="Import documents")).to_be_focused()


def test_interrupted_import_without_its_source_is_uploaded_again(page: Page, empty: Served) -> None:
    """Where nothing is left to resume from, the list offers another upload in its place."""
    job_id = make(empty, STATES["source_gone"])
    page.goto(f"{empty.url}/imports")
    expect(page.get_by_role("button", name="Resume import")).to_have_count(0)
    page.get_by_role("link", name="Upload again").click()
    expect(page).to_have_url(f"{empty.url}/?again={job_id}")
