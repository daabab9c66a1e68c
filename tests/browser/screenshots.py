"""Pictures of every state of the progress page, in both languages and themes: `make screenshots`.

All of them go to build/screenshots; the two that the README shows go to docs/screenshots as well.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from harness.containers.backends import choose, sweep_all
from harness.dependencies.postgres import fresh_database
from tests.browser.browsing import launch
from tests.browser.scenes import SCENES, Scene, settled
from tests.browser.serving import Served, serve
from tests.browser.states import WATCH_ONLY, make_states
from tests.browser.surroundings import Surroundings, open_surroundings

ALL = Path("build") / "screenshots"
README = Path("docs") / "screenshots"
IN_README = {"running-en": "running.png", "killed-en": "interrupted.png"}


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
    shutil.rmtree(ALL, ignore_errors=True)
    ALL.mkdir(parents=True)
    README.mkdir(parents=True, exist_ok=True)
    sweep_all()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with open_surroundings(Path(folder)) as surroundings:
            _shoot_all(browser, surroundings, Path(folder))
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


def _shoot_all(browser: Browser, surroundings: Surroundings, run_dir: Path) -> None:
    with _service(surroundings, run_dir) as served:
        _shoot(browser, served, Scene("list-empty", "/imports", settled), {})
        imports = make_states(served)
        for scene in SCENES:
            _shoot(browser, served, scene, imports)
    with _service(surroundings, run_dir, {"api_token": "secret"}) as served:
        _shoot(browser, served, Scene("token", "/", lambda page: page.get_by_role("dialog").wait_for()), {})


@contextmanager
def _service(surroundings: Surroundings, run_dir: Path, settings: dict[str, str] | None = None) -> Iterator[Served]:
    backend, _ = choose("auto")
    with (
        fresh_database(surroundings.server) as url,
        serve(surroundings, url, backend, run_dir, {**WATCH_ONLY, **(settings or {})}) as served,
    ):
        yield served


def _shoot(browser: Browser, served: Served, scene: Scene, imports: dict[str, str]) -> None:
    for look in LOOKS:
        context = browser.new_context(
            locale=look.locale,
            color_scheme="dark" if look.scheme == "dark" else "light",
            viewport={"width": look.width, "height": 560},
            device_scale_factor=1.5,
            timezone_id="Asia/Seoul",
        )
        page = context.new_page()
        page.goto(served.url + scene.address(imports))
        scene.prepare(page)
        # What lies behind a dialog is as large as the window.
        is_whole = page.locator("dialog[open]").count() == 0
        page.screenshot(path=ALL / f"{scene.name}-{look.name}.png", full_page=is_whole, animations="disabled")
        context.close()


if __name__ == "__main__":
    sys.exit(main())
