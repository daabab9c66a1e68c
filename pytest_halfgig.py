"""pytest plugin of halfgig: holds a service inside its memory limit as part of any project's tests.

It calls the command line in a process of its own and imports nothing of halfgig, whose packages have names that the
project may use for its own.
"""

import fcntl
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_OPTIONS = ("limit", "budget", "cpus", "plan", "backend", "image", "corpus", "documents", "repeat", "postgres")
_OTHERS = ("scenario", "knobs", "strict")
_INI = {
    "halfgig_scenario": ("the scenario of `halfgig` tests that name none: a name of halfgig's, or a path", ""),
    "halfgig_limit": ("memory limit of `halfgig` tests that name none, like 512MB", ""),
    "halfgig_budget": ("how much of the limit may be used, like 65%, where a test does not say", ""),
    "halfgig_runs": ("where the runs of `halfgig` tests are kept", "runs"),
    "halfgig_timeout": ("seconds that one run may take", "3600"),
    "halfgig_command": ("the command line of halfgig, where it is not in the environment of the tests", ""),
}
_ENDING_S = 60
_SAID_LINES = 12
_FINISHED = (0, 1, 3)
"""Exit statuses with a result: PASS, FAIL, INVALID."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one call of `halfgig run` gave: its result.json, and where its report is."""

    result: Mapping[str, Any]
    report: str

    @property
    def verdict(self) -> str:
        """PASS, FAIL or INVALID."""
        return str(self.result["verdict"])

    def __str__(self) -> str:
        told = self.result
        lines = [f"halfgig: {self.verdict}, scenario {told['scenario']}, target {told['target']}"]
        lines += [f"  {one['text'] or one['code']}" for one in told["reasons"]]
        lines += [f"  peak {_megabytes(told['peak']['unreclaimable_bytes'])}, {_bounds(told)}"]
        return "\n".join(lines + ([f"  report: {self.report}"] if self.report else []))


class InvalidRun(Exception):
    """A run that shows nothing: nothing was exercised, or the measurement cannot be trusted. Never a pass."""


_RUN = pytest.StashKey[Run]()


class Halfgig:
    """The fixture `halfgig`: call it to run a scenario; `result` is that of the test's own marker."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def __call__(self, scenario: str | None = None, **options: Any) -> Mapping[str, Any]:
        """Run a scenario with these options and return its result.json; InvalidRun where that shows nothing."""
        found = _run(self._item, {**({"scenario": scenario} if scenario else {}), **options})
        if found.verdict == "INVALID":
            raise InvalidRun(str(found))
        return found.result

    @property
    def result(self) -> Mapping[str, Any] | None:
        """What the marker's run gave; None in a test without the marker."""
        found = self._item.stash.get(_RUN, None)
        return found.result if found else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini keys."""
    for name, (text, default) in _INI.items():
        parser.addini(name, text, default=default)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "halfgig(scenario=None, *, limit=None, budget=None, knobs=None, …): import inside a memory limit first; FAIL "
        "fails the test, INVALID is an error",
    )


@pytest.fixture
def halfgig(request: pytest.FixtureRequest) -> Halfgig:
    """Run a scenario of halfgig and give its result."""
    return Halfgig(request.node)


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Do the marker's run, whether or not the test asks for the fixture; what shows nothing is an error here."""
    marker = item.get_closest_marker("halfgig")
    if marker is None:
        return
    options = dict(marker.kwargs)
    if len(marker.args) > 1 or (marker.args and "scenario" in options):
        pytest.fail("halfgig: the marker takes one scenario, and everything else by its name", pytrace=False)
    if marker.args:
        options["scenario"] = marker.args[0]
    found = _run(item, options)
    item.stash[_RUN] = found
    if found.verdict == "INVALID":
        pytest.fail(str(found), pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """A run that failed fails the test, before anything of the test itself."""
    found = item.stash.get(_RUN, None)
    if found is not None and found.verdict == "FAIL":
        pytest.fail(str(found), pytrace=False)


def _run(item: pytest.Item, options: Mapping[str, Any]) -> Run:
    config = item.config
    command = [*_program(config), "run", *_arguments(config, options), "--json"]
    with _one_at_a_time():
        status, out, said = _call(command, config.rootpath, float(config.getini("halfgig_timeout")))
    result = _result(out) if status in _FINISHED else None
    if result is None:
        last = "\n  ".join(said.strip().splitlines()[-_SAID_LINES:])
        pytest.fail(f"halfgig: `{shlex.join(command)}` ended with status {status}:\n  {last}", pytrace=False)
    reports = [line.removeprefix("report: ") for line in said.splitlines() if line.startswith("report: ")]
    found = Run(result, reports[-1] if reports else "")
    item.user_properties.extend(_properties(found))
    return found


def _result(out: str) -> Mapping[str, Any] | None:
    """The result that was printed; None where something else was: a broken installation ends with status 1 too."""
    try:
        value = json.loads(out)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "verdict" in value else None


def _program(config: pytest.Config) -> list[str]:
    # -P: a package of the project that happens to be called like one of halfgig's must not be found in its place.
    return shlex.split(config.getini("halfgig_command")) or [sys.executable, "-P", "-m", "harness"]


def _arguments(config: pytest.Config, options: Mapping[str, Any]) -> Iterator[str]:
    unknown = sorted(set(options) - {*_OPTIONS, *_OTHERS})
    if unknown:
        known = ", ".join((*_OTHERS, *_OPTIONS))
        pytest.fail(f"halfgig: {unknown[0]!r} is not an option; known are {known}", pytrace=False)
    scenario = options.get("scenario") or config.getini("halfgig_scenario")
    if scenario:
        yield str(scenario)
    for name in _OPTIONS:
        default = config.getini(f"halfgig_{name}") if f"halfgig_{name}" in _INI else ""
        value = options.get(name) if options.get(name) is not None else default
        if value not in (None, ""):
            yield from (f"--{name}", str(value))
    for knob, value in (options.get("knobs") or {}).items():
        yield from ("--set", f"{knob}={str(value).lower() if isinstance(value, bool) else value}")
    if options.get("strict"):
        yield "--strict"
    yield from ("--runs", config.getini("halfgig_runs"))


def _call(command: list[str], folder: Path, timeout_s: float) -> tuple[int, str, str]:
    """Run it; one that takes too long is asked to end, which takes its service and its servers along."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or "-P" not in command}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, said = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.terminate()
            _, said = process.communicate(timeout=_ENDING_S)
            pytest.fail(f"halfgig: no end within {timeout_s:g} s (halfgig_timeout):\n{said[-2000:]}", pytrace=False)
    return process.returncode, out, said


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the machine: runs beside each other, as xdist would have them, would measure each other."""
    path = Path(tempfile.gettempdir()) / f"halfgig-pytest-{os.getuid()}.lock"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _properties(found: Run) -> Iterator[tuple[str, object]]:
    """What JUnit XML tells of the run."""
    told = found.result
    yield "halfgig_verdict", found.verdict
    for name in ("scenario", "target", "backend", "limit_bytes", "budget_bytes", "oom_kills", "digest"):
        yield f"halfgig_{name}", told[name]
    for name, value in told["peak"].items():
        yield f"halfgig_peak_{name}", value
    if found.report:
        yield "halfgig_report", found.report


def _bounds(told: Mapping[str, Any]) -> str:
    return f"budget {_megabytes(told['budget_bytes'])}, limit {_megabytes(told['limit_bytes'])}"


def _megabytes(count: int | None) -> str:
    return "unknown" if count is None else f"{count / 2**20:.1f} MB"
