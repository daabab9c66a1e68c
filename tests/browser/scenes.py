"""Every state of the pages as somebody may see it: for the pictures, and for axe."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, Route, expect

from tests.browser.documents import papers, plain
from tests.browser.states import STATES

KB = 1024
_FOUND = (
    ("Carbon uptake of coastal wetlands after managed retreat", "climate-survey-2026.jsonl:1", 0.91),
    ("", "thesis-chapter-4.pdf", 0.83),
)
_SNIPPET = (
    "Salt marshes that were given back to the tide took up carbon faster in their first decade than undisturbed ones "
    "nearby, and slower afterwards. The rate followed the height of the spring tides more closely than the vegetation."
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One page to look at: its address, or the state of the import that it shows, and what is done on it first."""

    name: str
    at: str
    prepare: Callable[[Page], object]

    def address(self, imports: dict[str, str]) -> str:
        """Where it is, given the address of an import in each state."""
        return imports.get(self.at, self.at)


def settled(page: Page) -> None:
    """Wait until everything that comes by itself is there."""
    page.locator("main h1").first.wait_for()
    if "/imports/" not in page.url:
        page.wait_for_load_state("networkidle")
    elif page.locator("svg.graph").count():
        page.locator("svg.graph path").first.wait_for()


def _show_partial(page: Page) -> None:
    settled(page)
    page.locator("button[aria-controls=partial]").click()
    page.locator("#partial li").first.wait_for()


def _ask_to_delete(page: Page) -> None:
    page.locator(".danger-quiet").click()


def _hold_resume(page: Page) -> None:
    settled(page)
    page.route("**/api/import/resume/*", _hold)
    page.locator("button.primary").click()
    page.locator("button.busy").wait_for()


def _hold(route: Route) -> None:
    """Leave a request without an answer."""


def _refuse_resume(page: Page) -> None:
    settled(page)
    body = json.dumps({"error": {"code": "database_unavailable", "text": ""}})
    page.route("**/api/import/resume/*", lambda route: route.fulfill(status=503, body=body))
    page.locator("button.primary").click()
    page.locator(".problem:not(:empty)").wait_for()


def _choose(page: Page) -> None:
    settled(page)
    files = [papers(40, name="climate-survey-2026.jsonl"), plain("references.bib", "@article{a, title={A}}" * 400)]
    page.locator("#files").set_input_files(files)
    page.locator(".chosen li").first.wait_for()


def _choose_too_large(page: Page) -> None:
    def lower(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "file_max_bytes": 4 * KB})

    page.route("**/api/import/limits", lower)
    page.reload()
    _choose(page)


def _upload_slowly(page: Page) -> None:
    settled(page)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    page.locator("#files").set_input_files([plain("climate-survey-2026.jsonl", "x" * 9000 * KB)])
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 3000 * KB}
    line.send("Network.emulateNetworkConditions", slow)
    page.locator("button.primary").click()
    expect(page.locator("progress")).not_to_have_js_property("value", 0)


def _cut_off(page: Page) -> None:
    settled(page)
    page.route("**/api/**", lambda route: route.abort("connectionrefused"))
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.locator(".banner .spinner").wait_for()


def _search(page: Page) -> None:
    settled(page)
    hits = [{"title": title, "name": name, "text": _SNIPPET, "score": score} for title, name, score in _FOUND]
    page.route(re.compile("/api/search"), lambda route: route.fulfill(json={"results": hits}))
    page.locator("#search").fill("carbon uptake of salt marshes")
    page.locator("form.search button").click()
    page.locator(".found li").first.wait_for()


SCENES = (
    *(Scene(name, name, settled) for name in STATES),
    Scene("start", "/", settled),
    Scene("chosen", "/", _choose),
    Scene("too-large", "/", _choose_too_large),
    Scene("uploading", "/", _upload_slowly),
    Scene("list", "/imports", settled),
    Scene("unknown", "/imports/none", settled),
    Scene("partial", "killed", _show_partial),
    Scene("found", "completed", _search),
    Scene("delete", "cancelled", _ask_to_delete),
    Scene("starting", "shutdown", _hold_resume),
    Scene("resume-refused", "shutdown", _refuse_resume),
    Scene("connection-lost", "running", _cut_off),
)
