"""Every state for everybody: axe in both themes, the keyboard alone, a screen reader, a narrow screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_script, problems
from tests.browser.browsing import OUTAGE, Complaints
from tests.browser.conftest import OpenContext, Serve
from tests.browser.documents import plain
from tests.browser.importing import expect_headline, resume_button
from tests.browser.serving import Served
from tests.browser.states import STATES, WATCH_ONLY, make, make_states

NARROW = 360


@pytest.fixture(scope="module")
def addresses(idle: Served) -> dict[str, str]:
    """Where the pages are: an import in every state, the start and the list."""
    return {**make_states(idle), "start": "/", "list": "/imports", "unknown": "/imports/none"}


def _open(page: Page, idle: Served, address: str) -> None:
    page.goto(idle.url + address)
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_load_state("load")
    partial = page.get_by_role("button", name="Show partial results")
    if partial.count():
        partial.click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_state(
    idle: Served, addresses: dict[str, str], open_context: OpenContext, complaints: Complaints, scheme: str
) -> None:
    """No serious or critical problem: contrast, names, roles, labels, order."""
    complaints.expect(OUTAGE)
    script = axe_script()
    page = open_context(scheme=scheme).new_page()
    found = {}
    for name, address in addresses.items():
        _open(page, idle, address)
        found[name] = problems(page, script)
    page.goto(idle.url)
    page.locator("#files").set_input_files([plain("a.txt", "a")])
    expect(page.locator(".chosen li")).to_have_count(1)
    found["chosen"] = problems(page, script)
    page.goto(idle.url + addresses["cancelled"])
    page.get_by_role("button", name="Delete import").click()
    found["delete"] = problems(page, script)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_nothing_is_cut_off_on_a_narrow_screen(
    idle: Served, addresses: dict[str, str], open_context: OpenContext, complaints: Complaints, locale: str
) -> None:
    """At 360 pixels no page scrolls sideways."""
    complaints.expect(OUTAGE)
    page = open_context(locale=locale, width=NARROW).new_page()
    wide = {}
    for name, address in addresses.items():
        page.goto(idle.url + address)
        page.get_by_role("heading", level=1).first.wait_for()
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: width for name, width in wide.items() if width > NARROW} == {}


def test_asking_for_the_token_is_accessible(page: Page, own_service: Serve, complaints: Complaints) -> None:
    """The dialog has a name, its field a label, and the focus is in it."""
    complaints.expect(OUTAGE)
    page.goto(own_service(api_token="t", **WATCH_ONLY).url)
    expect(page.get_by_role("textbox", name="Token")).to_be_focused()
    assert problems(page, axe_script()) == []


def test_import_is_resumed_by_keyboard_alone(page: Page, idle: Served) -> None:
    """Tab reaches Resume before its alternatives, Enter starts it, and the focus follows to what comes next."""
    page.goto(f"{idle.url}/imports/{make(idle, STATES['killed'])}")
    expect_headline(page, "Killed for memory")
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.textContent"))
    header = ["Skip to the content", "Importer", "New import", "Imports", "English", "한국어"]
    assert order == [*header, "Resume import", "Upload again"]
    page.keyboard.press("Shift+Tab")
    expect(resume_button(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect_headline(page, "Waiting to start")
    expect(page.locator("#state_title")).to_be_focused()


def test_skip_link_leads_to_the_content(page: Page, service: Served) -> None:
    """The first stop of the keyboard jumps over the header."""
    page.goto(service.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.url == f"{service.url}/"


def test_changes_are_announced(page: Page, idle: Served) -> None:
    """A screen reader hears when the state changes, and how far an import is, at every tenth."""
    job_id = make(idle, STATES["running"])
    page.goto(f"{idle.url}/imports/{job_id}")
    expect_headline(page, "Importing")
    idle.execute("UPDATE jobs SET upload_done_bytes = upload_bytes * 0.9 WHERE id = %s", job_id)
    expect(page.locator("#announcer")).to_have_text("90% imported")
    idle.execute("UPDATE jobs SET status = 'interrupted', error_code = 'killed_memory' WHERE id = %s", job_id)
    expect(page.locator("#announcer")).to_have_text("Interrupted. Killed for memory")
