"""Locust in processes of its own: one that does everything, or one that leads and several that work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from harness.load.errand import ERRAND_VARIABLE
from harness.load.order import Workers
from harness.service import free_port
from harness.target import SCENARIOS

CHILD_CODE = SCENARIOS / "load"
STOP_GRACE_S = 12.0
_TERM_GRACE_S = 3.0
_STOP_TIMEOUT_S = 3
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR")
_LOOK_EVERY_S = 0.05
_WORDS_MOST = 200


@dataclass(frozen=True, slots=True)
class Orders:
    """How Locust is started."""

    errand_path: Path
    stop_path: Path
    log_path: Path
    host: str
    locustfile: Path
    """The users: ours, or somebody else's."""
    workers: Workers
    secrets: tuple[str, ...] = ()
    """Environment variables that its users need."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the generator."""

    role: str
    process: subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Generator:
    """A generator that runs; `leader` ends when the load is over."""

    leader: Process
    workers: tuple[Process, ...]
    stop_path: Path
    log_path: Path

    @property
    def ended(self) -> bool:
        """Whether the load is over."""
        return self.leader.process.poll() is not None

    @property
    def lost(self) -> tuple[str, ...]:
        """Workers that ended before the load did, or a leader that was killed."""
        gone = [one.role for one in self.workers if one.process.poll() is not None] if not self.ended else []
        status = self.leader.process.poll()
        return (*gone, *([f"{self.leader.role} (status {status}: {self._last_words})"] if status else []))

    @property
    def _last_words(self) -> str:
        lines = (
            self.log_path.read_text(encoding="utf-8", errors="replace").split("\n") if self.log_path.exists() else []
        )
        return next((line.strip()[:_WORDS_MOST] for line in reversed(lines) if line.strip()), "it said nothing")

    def ask_to_stop(self) -> None:
        """Let the load end at the next second."""
        self.stop_path.touch()


@contextmanager
def open_generator(orders: Orders) -> Iterator[Generator]:
    """Start all of it; every process is gone afterwards."""
    started: list[Process] = []
    try:
        yield _start(orders, started)
    finally:
        _close(started, orders.stop_path)


def _start(orders: Orders, started: list[Process]) -> Generator:
    workers = orders.workers
    if workers.count == 1 and not workers.elsewhere:
        started.append(_spawn(orders, "locust", ["--headless"]))
        return Generator(started[0], (), orders.stop_path, orders.log_path)
    host, _, port = workers.listen.rpartition(":")
    port = port if port != "0" else str(free_port())
    lead = ["--headless", "--master", "--master-bind-host", host, "--master-bind-port", port,
            "--expect-workers", str(workers.count), "--expect-workers-max-wait", "60"]  # fmt: skip
    started.append(_spawn(orders, "leader", lead))
    if not workers.elsewhere:
        work = ["--worker", "--master-host", host, "--master-port", port]
        started.extend(_spawn(orders, f"worker {number}", work) for number in range(1, workers.count + 1))
    return Generator(started[0], tuple(started[1:]), orders.stop_path, orders.log_path)


def _spawn(orders: Orders, role: str, options: list[str]) -> Process:
    command = [
        sys.executable, "-m", "locust", "-f", f"{CHILD_CODE / 'recording.py'},{orders.locustfile}",
        "--host", orders.host, "--only-summary", "--exit-code-on-error", "0", "--stop-timeout", str(_STOP_TIMEOUT_S),
        *options,
    ]  # fmt: skip
    with orders.log_path.open("ab") as log:
        process = subprocess.Popen(
            command, env=_environment(orders), cwd=orders.errand_path.parent, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True,
        )  # fmt: skip
    return Process(role, process)


def _environment(orders: Orders) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in (*_PASSED_ON, *orders.secrets) if name in os.environ}
    own = {ERRAND_VARIABLE: str(orders.errand_path), "PYTHONPATH": str(SCENARIOS.parent), "PYTHONUNBUFFERED": "1"}
    return {**kept, **own, "LOCUST_SKIP_MONKEY_PATCH_WARNING": "1"}


def _close(started: list[Process], stop_path: Path) -> None:
    """Ask, then SIGTERM, then SIGKILL, each by pid."""
    if not started:
        return
    stop_path.touch()
    _wait(started[:1], STOP_GRACE_S)
    for number, grace_s in ((signal.SIGTERM, _TERM_GRACE_S), (signal.SIGKILL, _TERM_GRACE_S)):
        for one in started:
            with suppress(ProcessLookupError):
                one.process.send_signal(number)
        _wait(started, grace_s)


def _wait(processes: list[Process], grace_s: float) -> None:
    deadline_s = time.monotonic() + grace_s
    while any(one.process.poll() is None for one in processes) and time.monotonic() < deadline_s:
        time.sleep(_LOOK_EVERY_S)
