"""Every state for everybody: axe in both themes, the keyboard alone, a screen reader, a narrow screen."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_script, problems
from tests.browser.browsing import OUTAGE, Complaints
from tests.browser.conftest import OpenContext
from tests.browser.importing import expect_headline, resume_button
from tests.browser.scenes import SCENES, Scene
from tests.browser.serving import Served
from tests.browser.states import STATES, make, make_states

NARROW = 360
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def imports(idle: Served) -> dict[str, str]:
    """Where an import in each state is."""
    return make_states(idle)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_state_is_accessible(
    page: Page, idle: Served, imports: dict[str, str], complaints: Complaints, scene: Scene
) -> None:
    """No serious or critical problem for axe in either theme, and a narrow screen does not scroll sideways."""
    complaints.expect(OUTAGE)
    script = axe_script()
    page.goto(idle.url + scene.address(imports))
    scene.prepare(page)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        assert problems(page, script) == [], theme
    page.set_viewport_size({"width": NARROW, "height": 800})
    assert page.evaluate(_WIDTH) <= NARROW


def test_nothing_is_cut_off_in_korean(
    idle: Served, imports: dict[str, str], open_context: OpenContext, complaints: Complaints
) -> None:
    """Korean, whose words are not broken, fits a narrow screen too."""
    complaints.expect(OUTAGE)
    page = open_context(locale="ko-KR", width=NARROW).new_page()
    wide = {}
    for address in (*imports.values(), "/", "/imports", "/imports/none"):
        page.goto(idle.url + address)
        page.get_by_role("heading", level=1).first.wait_for()
        wide[address] = page.evaluate(_WIDTH)
    assert {address: width for address, width in wide.items() if width > NARROW} == {}


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
