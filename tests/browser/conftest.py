"""One browser, one Postgres and one provider stub for all of these tests; a failed one leaves trace and pictures."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from harness.containers.backends import choose, sweep_all
from harness.containers.container import Backend
from harness.dependencies.postgres import fresh_database
from tests.browser.browsing import TIMEOUT_MS, Complaints, artifacts_of, browse, keep, launch
from tests.browser.serving import Served, serve
from tests.browser.states import WATCH_ONLY
from tests.browser.surroundings import Surroundings, open_surroundings

_REPORT = pytest.StashKey[pytest.TestReport]()
OpenContext = Callable[..., BrowserContext]
Serve = Callable[..., Served]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Tell a failed test where its trace is."""
    report: Any = yield
    if report.when == "call":
        item.stash[_REPORT] = report
        if report.failed and "open_context" in getattr(item, "fixturenames", ()):
            report.sections.append(("browser", f"trace and screenshots: {artifacts_of(item.name).resolve()}"))
    return report  # type: ignore[no-any-return]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium; it ends before other tests, since Playwright's loop runs in this thread."""
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where logs and the ledger are."""
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="package")
def surroundings(run_dir: Path, browser: Browser) -> Iterator[Surroundings]:
    """Postgres and the provider stub."""
    with open_surroundings(run_dir) as opened:
        yield opened


@pytest.fixture(scope="package")
def backend() -> Backend:
    """What holds the service: the kernel's own limit where it is to be had."""
    sweep_all()
    return choose("auto")[0]


@pytest.fixture(scope="package")
def shared(surroundings: Surroundings, backend: Backend, run_dir: Path) -> Iterator[Served]:
    """A service that no test stops."""
    with (
        fresh_database(surroundings.server) as url,
        serve(surroundings, url, backend, run_dir, {"index": "on"}) as served,
    ):
        yield served


@pytest.fixture
def service(shared: Served) -> Served:
    """The shared service, with a provider that answers at once."""
    shared.gate.open()
    return shared


@pytest.fixture(scope="package")
def idle(surroundings: Surroundings, backend: Backend, run_dir: Path) -> Iterator[Served]:
    """A service that runs nothing, whose imports tests write themselves; a resumed one stays queued."""
    with (
        fresh_database(surroundings.server) as url,
        serve(surroundings, url, backend, run_dir, WATCH_ONLY) as served,
    ):
        yield served


@pytest.fixture
def own_service(surroundings: Surroundings, backend: Backend, run_dir: Path) -> Iterator[Serve]:
    """Services on a database of their own, to be killed or set up otherwise."""
    with ExitStack() as stack:

        def start(limit_mb: int = 512, **settings: str) -> Served:
            url = stack.enter_context(fresh_database(surroundings.server))
            served = stack.enter_context(serve(surroundings, url, backend, run_dir, settings, limit_mb * 2**20))
            served.gate.open()
            return served

        yield start


@pytest.fixture
def complaints(request: pytest.FixtureRequest) -> Iterator[Complaints]:
    """What the pages of this test complained about; anything unexpected fails it."""
    heard = Complaints()
    yield heard
    wrong = heard.unexpected()
    assert not wrong, f"the pages complained (trace: {artifacts_of(request.node.name).resolve()}): {wrong}"


@pytest.fixture
def open_context(
    request: pytest.FixtureRequest, browser: Browser, complaints: Complaints, own_service: Serve
) -> Iterator[OpenContext]:
    """Open browser contexts, each as another person's; traced, and kept when the test fails.

    They close before the test's own services (which is why these are asked for here) end: no page sees that.
    """
    folder = artifacts_of(request.node.name)
    shutil.rmtree(folder, ignore_errors=True)
    with ExitStack() as stack:
        contexts = []

        def open_one(**options: Any) -> BrowserContext:
            context = stack.enter_context(browse(browser, complaints, **options))
            context.tracing.start(snapshots=True)
            contexts.append(context)
            return context

        yield open_one
        report = request.node.stash.get(_REPORT, None)
        if report is None or report.failed or complaints.unexpected():
            for number, context in enumerate(contexts):
                keep(context, folder / str(number) if number else folder)


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    """One page, in English."""
    return open_context().new_page()
