"""Pages of a real Chromium that complain: of console errors, uncaught errors and what the security policy refused."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARTIFACTS = Path("build") / "browser"
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`violation of ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`));
"""
OUTAGE = r"Failed to load resource: (net::|the server responded with a status of)"
"""What Chromium itself writes into the console when an answer does not come or is an error."""
TIMEOUT_MS = 15_000


@dataclass  # without slots: Playwright marks the methods that it is given
class Complaints:
    """What was written into the consoles of a test's pages; `expect` allows what the test provokes."""

    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Allow complaints that match."""
        self.expected.append(pattern)

    def unexpected(self) -> list[str]:
        """What no test may cause."""
        return [one for one in self.seen if not any(re.search(pattern, one) for pattern in self.expected)]

    def listen(self, page: Page) -> None:
        """Hear everything that goes wrong on a page."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error}"))
        page.on("dialog", self._on_dialog)

    def _on_dialog(self, dialog: Dialog) -> None:
        # The page asks in its own dialogs; `alert` is what hostile names try, `beforeunload` is the browser's.
        if dialog.type != "beforeunload":
            self.seen.append(f"{dialog.type}: {dialog.message}")
        dialog.accept()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.seen.append(f"{message.type}: {message.text} ({message.location.get('url')})")


def launch(playwright: Playwright) -> Browser:
    """Start Debian's Chromium; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))


@contextmanager
def browse(
    browser: Browser, complaints: Complaints, *, locale: str = "en-US", scheme: str = "light", width: int = 1000
) -> Iterator[BrowserContext]:
    """A context of its own, as another person's browser: nothing stored, this language and theme."""
    context = browser.new_context(
        locale=locale,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 900},
        accept_downloads=True,
        timezone_id="Asia/Seoul",
    )
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(_REPORT_VIOLATIONS)
    context.on("page", complaints.listen)
    try:
        yield context
    finally:
        context.close()


def artifacts_of(test: str) -> Path:
    """Where the trace and the screenshots of a failed test lie."""
    return ARTIFACTS / re.sub(r"[^\w.-]+", "_", test).strip("_")


def keep(context: BrowserContext, folder: Path) -> None:
    """Write the trace and a picture of every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(context.pages):
        page.screenshot(path=folder / f"page-{number}.png", full_page=True)
    context.tracing.stop(path=folder / "trace.zip")
