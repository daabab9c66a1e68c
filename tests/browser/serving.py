"""The service that the browser opens: in a container of its own, killed and started again on the same port."""

import json
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psycopg

from harness.containers.container import Backend, Container, Launch, wait_for_exit
from harness.containers.squeezing import lower, squeeze
from harness.dependencies.provider.ledger import position, read_shares
from harness.service import free_port
from tests.browser.gate import Gate
from tests.browser.surroundings import Surroundings

DEADLINE_S = 30.0
NO_JOB = "00000000-0000-0000-0000-000000000000"
FAST = {
    "heartbeat_interval_s": "0.2",
    "stalled_after_s": "2.5",
    "shutdown_grace_s": "2",
    "embedding_dimensions": "256",
    "openai_batch_size": "16",
    "embedding_batch_size": "16",
    "store_batch_size": "16",
}
"""Settings that make a test short: signs of life often, small vectors, and progress in small steps."""
AT_RISK_INPUTS = 2 * 16 + 8
"""What a kill may bill twice: the embedding and chat requests in flight (2 of 16 inputs, 8 of one)."""


@dataclass(slots=True)
class Served:
    """One service and what it depends on."""

    surroundings: Surroundings
    database_url: str
    backend: Backend
    launch: Launch
    port: int
    container: Container

    @property
    def url(self) -> str:
        """Where it listens, whether it runs or not."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def gate(self) -> Gate:
        """What holds its imports."""
        return self.surroundings.gate

    def start(self) -> None:
        """Start it, again after an end, and wait until it is ready."""
        self.container.start()
        until(self._has_started, f"the service is ready; its log is {self.launch.log_path}")

    def _has_started(self) -> bool:
        assert self.container.poll() is None, f"the service ended; its log is {self.launch.log_path}"
        return self.is_ready()

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with _opener().open(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """End it with SIGKILL, as a crash does."""
        self.container.signal(signal.SIGKILL)
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Wait until it has ended."""
        assert wait_for_exit(self.container, DEADLINE_S) is not None, "the service still runs"

    def squeeze(self) -> None:
        """Lower its limit to what it uses, again and again, until the kernel kills it for memory; then restore it."""
        lower(self.container)
        # An import that waits for its provider needs no more memory by itself: calls do.
        ended = squeeze(self.container, lambda s: wait_for_exit(self.container, s), self._call, DEADLINE_S)
        self.container.set_limit(self.launch.limit_bytes or 0)
        assert ended is not None, f"the kernel did not kill the service for memory within {DEADLINE_S:.0f} s"
        assert ended.oom_killed, f"it ended otherwise: {ended}"
        # A heartbeat may have told of the lowered limit, which stands for the one that the import outgrew.
        self.execute("UPDATE heartbeats SET limit_bytes = %s", self.launch.limit_bytes)

    def _call(self) -> None:
        with suppress(OSError, HTTPException):
            self.status(NO_JOB)

    def widen(self, limit_bytes: int) -> None:
        """Give it a larger limit."""
        self.launch = replace(self.launch, limit_bytes=limit_bytes)
        self.container.set_limit(limit_bytes)

    def move(self) -> None:
        """Go on in a new container, as a platform does: its counters begin anew."""
        self.container.close()
        self.container = self.backend.create(self.launch)

    def execute(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run SQL beside the service."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def execute_named(self, sql: str, values: Mapping[str, object]) -> None:
        """Run SQL with named values."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(sql.encode(), values)

    def status(self, job_id: str) -> dict[str, Any]:
        """What the API tells of an import."""
        with _opener().open(f"{self.url}/api/import/status/{job_id}", timeout=5) as answer:
            return dict(json.load(answer))

    def ledger_mark(self) -> int:
        """A place in the provider's ledger, for `billed_twice`."""
        return position(self.surroundings.ledger_path)

    def billed_twice(self, mark: int) -> int:
        """Inputs that were billed again since `mark`."""
        return read_shares(self.surroundings.ledger_path, [mark])[1].inputs_billed_twice


@contextmanager
def serve(
    surroundings: Surroundings,
    database_url: str,
    backend: Backend,
    run_dir: Path,
    settings: Mapping[str, str],
    limit_bytes: int = 512 * 2**20,
) -> Iterator[Served]:
    """A service on this database that runs; it is gone afterwards."""
    port = free_port()
    launch = Launch(
        command=(sys.executable, "-m", "importer", "serve"),
        env=_env(surroundings, database_url, port, {**FAST, **settings}),
        cwd=Path(__file__).parents[2],
        limit_bytes=limit_bytes,
        cpus=None,
        log_path=run_dir / f"service-{port}.log",
        name="importer",
    )
    served = Served(surroundings, database_url, backend, launch, port, backend.create(launch))
    try:
        served.start()
        yield served
    finally:
        served.container.close()


def _env(surroundings: Surroundings, database_url: str, port: int, settings: dict[str, str]) -> dict[str, str]:
    fixed = {
        "database_url": database_url,
        "port": str(port),
        "openai_base_url": f"{surroundings.provider_url}/v1",
        "openai_api_key": "dummy",
    }
    return {f"IMPORTER_{name.upper()}": value for name, value in {**fixed, **settings}.items()}


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline_s, f"not within {DEADLINE_S:.0f} s: {what}"
        time.sleep(0.02)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
