"""Pictures of every state of the progress page, in both languages and themes: `make screenshots`.

All of them go to build/screenshots; the two that the README shows go to docs/screenshots as well.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from harness.containers.backends import choose, sweep_all
from harness.dependencies.postgres import fresh_database
from harness.dependencies.provider.settings import ProviderSettings
from harness.environment import Environment, open_environment
from tests.browser.browsing import launch
from tests.browser.documents import papers, plain
from tests.browser.serving import Served, serve
from tests.browser.states import WATCH_ONLY, make_states

ALL = Path("build") / "screenshots"
README = Path("docs") / "screenshots"
IN_README = {"running-en": "running.png", "killed-en": "interrupted.png"}
KB = 1024


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking at the pages."""

    name: str
    locale: str
    scheme: str
    width: int = 860


LOOKS = (
    Look("en", "en-US", "light"),
    Look("ko", "ko-KR", "light"),
    Look("en-dark", "en-US", "dark"),
    Look("ko-narrow", "ko-KR", "light", 360),
    Look("en-narrow", "en-US", "light", 360),
)


def main() -> int:
    """Take all pictures; returns the exit status."""
    if not _has_korean_font():
        print("there is no Korean font: apt-get install fonts-noto-cjk", file=sys.stderr)  # noqa: T201
        return 2
    ALL.mkdir(parents=True, exist_ok=True)
    README.mkdir(parents=True, exist_ok=True)
    sweep_all()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with open_environment(ProviderSettings(), Path(folder), None) as environment:
            _shoot_all(browser, environment, Path(folder))
        browser.close()
    for name, file in IN_README.items():
        shutil.copyfile(ALL / f"{name}.png", README / file)
    print(f"{len(list(ALL.glob('*.png')))} pictures in {ALL}, {len(IN_README)} of them in {README}")  # noqa: T201
    return 0


def _has_korean_font() -> bool:
    if shutil.which("fc-list") is None:
        return True
    listed = subprocess.run(["fc-list", ":lang=ko"], capture_output=True, check=False)
    return bool(listed.stdout.strip())


def _shoot_all(browser: Browser, environment: Environment, run_dir: Path) -> None:
    with _service(environment, run_dir) as served:
        _shoot(browser, served, "list-empty", "/imports", lambda page: page.locator(".empty").wait_for())
        addresses = {**make_states(served), "start": "/", "list": "/imports"}
        for name, address in addresses.items():
            _shoot(browser, served, name, address, _settled)
        _shoot(browser, served, "partial", addresses["killed"], _show_partial)
        _shoot(browser, served, "delete", addresses["cancelled"], _ask_to_delete)
        _shoot(browser, served, "resume-refused", addresses["shutdown"], _refuse_resume)
        _shoot(browser, served, "chosen", "/", _choose)
        _shoot(browser, served, "uploading", "/", _upload_slowly)
        _shoot(browser, served, "connection-lost", addresses["running"], _cut_off)
        _shoot(browser, served, "unknown", "/imports/none", _settled)
    with _service(environment, run_dir, {"api_token": "secret"}) as served:
        _shoot(browser, served, "token", "/", lambda page: page.get_by_role("dialog").wait_for())


@contextmanager
def _service(environment: Environment, run_dir: Path, settings: dict[str, str] | None = None) -> Iterator[Served]:
    backend, _ = choose("auto")
    with (
        fresh_database(environment.server) as url,
        serve(environment, url, backend, run_dir, {**WATCH_ONLY, **(settings or {})}) as served,
    ):
        yield served


def _shoot(browser: Browser, served: Served, name: str, address: str, prepare: Callable[[Page], object]) -> None:
    for look in LOOKS:
        context = browser.new_context(
            locale=look.locale,
            color_scheme="dark" if look.scheme == "dark" else "light",
            viewport={"width": look.width, "height": 560},
            device_scale_factor=1.5,
            timezone_id="Asia/Seoul",
        )
        page = context.new_page()
        page.goto(served.url + address)
        prepare(page)
        page.screenshot(path=ALL / f"{name}-{look.name}.png", full_page=True, animations="disabled")
        context.close()


def _settled(page: Page) -> None:
    page.locator("main h1").first.wait_for()
    page.wait_for_load_state("networkidle") if page.url.endswith(("/", "/imports")) else page.wait_for_timeout(400)


def _show_partial(page: Page) -> None:
    page.locator("button[aria-controls=partial]").click()
    page.locator("#partial li").first.wait_for()
    page.locator("h1").click()


def _ask_to_delete(page: Page) -> None:
    page.locator(".danger-quiet").click()


def _refuse_resume(page: Page) -> None:
    body = '{"error": {"code": "database_unavailable", "text": ""}}'
    page.route("**/api/import/resume/*", lambda route: route.fulfill(status=503, body=body))
    page.locator("button.primary").click()
    page.locator(".problem:not(:empty)").wait_for()


def _choose(page: Page) -> None:
    _settled(page)
    files = [papers(40, name="climate-survey-2026.jsonl"), plain("references.bib", "@article{a, title={A}}" * 400)]
    page.locator("#files").set_input_files(files)
    page.locator(".chosen li").first.wait_for()
    page.locator("h1").click()


def _upload_slowly(page: Page) -> None:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    _settled(page)
    page.locator("#files").set_input_files([plain("climate-survey-2026.jsonl", "x" * 9000 * KB)])
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 3000 * KB}
    line.send("Network.emulateNetworkConditions", slow)
    page.locator("button.primary").click()
    page.wait_for_timeout(1200)
    page.locator("h1").click()


def _cut_off(page: Page) -> None:
    _settled(page)
    page.context.set_offline(True)
    page.locator(".banner .spinner").wait_for()
    page.wait_for_timeout(200)


if __name__ == "__main__":
    sys.exit(main())
