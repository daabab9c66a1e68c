"""The token: asked for once, kept for the session, asked for again when it stops working."""

from dataclasses import replace

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import axe_script, problems
from tests.browser.browsing import OUTAGE, Complaints
from tests.browser.conftest import Serve
from tests.browser.documents import plain
from tests.browser.importing import expect_headline, resume_button
from tests.browser.states import STATES, WATCH_ONLY, make


def _give(page: Page, token: str) -> Locator:
    dialog = page.get_by_role("dialog", name="This service needs its token")
    dialog.get_by_label("Token").fill(token)
    dialog.get_by_role("button", name="Use this token").click()
    return dialog


def test_token_is_asked_for_once_and_kept_for_the_session(
    page: Page, own_service: Serve, complaints: Complaints
) -> None:
    """A wrong token is refused in place; the right one serves uploads, events and reloads; a new tab asks anew."""
    complaints.expect(OUTAGE)
    service = own_service(api_token="right")
    page.goto(service.url)
    expect(page.get_by_role("textbox", name="Token")).to_be_focused()
    assert problems(page, axe_script()) == []
    dialog = _give(page, "wrong")
    expect(dialog.get_by_role("alert")).to_have_text("The service does not accept this token.")
    expect(_give(page, "토큰").get_by_role("alert")).to_have_text("The service does not accept this token.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    expect(_give(page, "right")).to_be_hidden()
    page.locator("#files").set_input_files([plain("one.txt", "a text")])
    page.get_by_role("button", name="Start import").click()
    expect_headline(page, "Everything is imported")
    page.reload()
    expect_headline(page, "Everything is imported")
    expect(dialog).to_be_hidden()
    assert page.evaluate("Object.values(localStorage).includes('right')") is False
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("dialog", name="This service needs its token")).to_be_visible()


def test_token_that_stops_working_is_asked_for_again(page: Page, own_service: Serve, complaints: Complaints) -> None:
    """The service comes back with another token: the page asks for it, and goes on where it was."""
    complaints.expect(OUTAGE)
    service = own_service(api_token="old", **WATCH_ONLY)
    job_id = make(service, STATES["shutdown"])
    page.goto(f"{service.url}/imports/{job_id}")
    _give(page, "old")
    expect_headline(page, "The service was shut down")
    service.kill()
    service.launch = replace(service.launch, env={**service.launch.env, "IMPORTER_API_TOKEN": "new"})
    service.move()
    service.start()
    dialog = page.get_by_role("dialog", name="This service needs its token")
    expect(dialog).to_contain_text("The token that you gave is no longer accepted.")
    expect(_give(page, "new")).to_be_hidden()
    resume_button(page).click()
    expect_headline(page, "Waiting to start")
