"""The Resume button: one attempt, and errors in words."""

import json
import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.browsing import OUTAGE, Complaints
from tests.browser.conftest import OpenContext
from tests.browser.importing import expect_headline, resume_button
from tests.browser.serving import Served
from tests.browser.states import STATES, State, make


def _refused(status: int, code: str) -> dict[str, object]:
    body = json.dumps({"error": {"code": code, "text": f"the service says {code}"}})
    return {"status": status, "content_type": "application/json", "body": body}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_refused(409, "source_gone"), "The uploaded files are no longer stored. Upload them again. (409)"),
        (_refused(409, "new_reason"), "the service says new_reason (409)"),
        (_refused(503, "database_unavailable"), "The service cannot reach its database now."),
        ({"status": 503, "body": "<html>"}, "The service answered with an error (503)."),
        (None, "The service could not be reached."),
    ],
)
def test_failed_resume_says_why_and_can_be_tried_again(
    page: Page, idle: Served, complaints: Complaints, answer: dict[str, object] | None, says: str
) -> None:
    """A refusal, a service that is out, a network that is gone: in words, and the same button works afterwards."""
    complaints.expect(OUTAGE)
    job_id = make(idle, STATES["shutdown"])
    page.goto(f"{idle.url}/imports/{job_id}")

    def fail(route: Route) -> None:
        if answer is None:
            route.abort("internetdisconnected")
        else:
            route.fulfill(**answer)  # type: ignore[arg-type]

    page.route("**/api/import/resume/*", fail, times=1)
    resume_button(page).click()
    expect(page.get_by_role("alert").filter(has_text=says)).to_be_visible()
    expect(resume_button(page)).to_be_enabled()
    expect(resume_button(page)).to_be_focused()
    resume_button(page).click()
    expect_headline(page, "Waiting to start")
    assert idle.status(job_id)["attempt"] == 2


def test_double_click_makes_one_attempt(page: Page, idle: Served) -> None:
    """While the first click is under way the button is disabled, shows it, and sends nothing more."""
    job_id = make(idle, STATES["shutdown"])
    page.goto(f"{idle.url}/imports/{job_id}")
    sent: list[Request] = []
    held: list[Route] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/import/resume/*", hold)
    resume_button(page).dblclick()
    starting = page.get_by_role("button", name="Starting…")
    expect(starting).to_be_disabled()
    expect(starting).to_have_attribute("aria-busy", "true")
    held[0].continue_()
    expect_headline(page, "Waiting to start")
    assert len(sent) == 1
    assert idle.status(job_id)["attempt"] == 2


def test_two_tabs_start_one(open_context: OpenContext, idle: Served, complaints: Complaints) -> None:
    """Pressed in two tabs at once, one attempt begins; the other tab says so and shows it as well."""
    complaints.expect(OUTAGE)
    job_id = make(idle, STATES["shutdown"])
    pages = [open_context().new_page() for _ in range(2)]
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for page in pages:
        page.goto(f"{idle.url}/imports/{job_id}")
        page.route("**/api/import/resume/*", hold)
        resume_button(page).click()
        expect(page.get_by_role("button", name="Starting…")).to_be_visible()
    for route in held:
        route.continue_()
    for page in pages:
        expect_headline(page, "Waiting to start")
    assert len(held) == 2
    assert (idle.status(job_id)["attempt"], idle.status(job_id)["epoch"]) == (2, 2)


def test_second_memory_kill_needs_a_larger_limit(page: Page, idle: Served) -> None:
    """After two kills without progress there is no Resume, but what is needed; under a larger limit it is back."""
    job_id = make(idle, STATES["failed_memory"])
    page.goto(f"{idle.url}/imports/{job_id}")
    expect_headline(page, "It needs more memory")
    expect(page.get_by_text("It needs a limit above 512 MB before it can go on;")).to_be_visible()
    expect(resume_button(page)).to_have_count(0)
    idle.execute("UPDATE heartbeats SET limit_bytes = limit_bytes / 2 WHERE job_id = %s", job_id)
    page.reload()
    expect(page.get_by_text("The limit is larger now, so it can go on.")).to_be_visible()
    expect(resume_button(page)).to_be_visible()


def test_upload_again_is_primary_only_when_the_source_is_gone(page: Page, idle: Served) -> None:
    """Without the upload nothing can be resumed: the page says so and offers to upload again."""
    job_id = make(idle, STATES["source_gone"])
    page.goto(f"{idle.url}/imports/{job_id}")
    expect(page.get_by_text("The uploaded files are no longer stored, so this import cannot go on")).to_be_visible()
    expect(page.locator(".primary")).to_have_text(["Upload again"])
    expect(resume_button(page)).to_have_count(0)
    page.get_by_role("link", name="Upload again").click()
    expect(page.get_by_text("Choose the same files as before.")).to_be_visible()


def test_cause_and_time_left_are_told(page: Page, idle: Served) -> None:
    """What is known of the end, what is safe and how long the rest takes, and what the next attempt does otherwise."""
    page.goto(f"{idle.url}/imports/{make(idle, STATES['killed'])}")
    expect_headline(page, "Killed for memory")
    safe = re.compile(r"173 of 200 documents stored\. 27 left, about \d minutes\. Nothing stored is paid for twice\.")
    expect(page.get_by_text(safe)).to_be_visible()
    expect(page.get_by_text("It holds at most 128 chunks in memory at once, instead of 256.")).to_be_visible()
    least = State({**STATES["killed"].job, "halvings": 5})
    page.goto(f"{idle.url}/imports/{make(idle, least)}")
    expect(page.get_by_text("It already holds as few chunks as it can (32).")).to_be_visible()
    page.goto(f"{idle.url}/imports/{make(idle, STATES['unheard_of'])}")
    expect(page.get_by_text("A cause that the page does not know.")).to_be_visible()
