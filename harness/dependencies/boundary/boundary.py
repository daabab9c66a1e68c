"""One loop in one thread, on which the wires of any number of targets run beside each other.

Crash cycles run several at a time in one harness process, and starting processes for each would take longer than the
cycle itself.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit, urlunsplit

import uvloop

from harness.dependencies.addresses import address_of
from harness.dependencies.boundary.client_wire import ClientWire
from harness.dependencies.boundary.listening import HOST
from harness.dependencies.boundary.numbering import Numbering
from harness.dependencies.boundary.postgres_proxy import PostgresProxy
from harness.dependencies.boundary.provider_wire import ProviderWire
from harness.dependencies.boundary.tap import Tap
from harness.dependencies.provider.messages import Fault
from harness.dependencies.provider.settings import ProviderSettings
from harness.errors import BoundaryError

_CALL_TIMEOUT_S = 30.0
_NEEDS_ENCRYPTION = ("require", "verify-ca", "verify-full")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BoundarySettings:
    """What lies behind the wires of one target."""

    database_url: str
    """The true database; the proxy stands in front of it."""
    provider: ProviderSettings
    ledger_path: Path
    housekeeping: tuple[str, ...] = ()
    """Regular expressions; a statement or path in which one is found is not numbered."""
    faults: tuple[Fault, ...] = ()
    """Faults inside the provider stub, beside what the tap does."""


class Wires:
    """The wires of one target; every method may be called from any of the harness's threads."""

    def __init__(
        self, boundary: "Boundary", settings: BoundarySettings, proxy: PostgresProxy, provider: ProviderWire,
        client: ClientWire, numbering: Numbering,
    ) -> None:  # fmt: skip
        self._boundary, self._settings = boundary, settings
        self._proxy, self._provider, self._numbering = proxy, provider, numbering
        self.client = client
        """What the harness makes its own calls of the target through."""

    @property
    def database_url(self) -> str:
        """What the target is told instead of the true URL: only host and port differ."""
        return _through(self._settings.database_url, self._proxy.port)

    @property
    def provider_url(self) -> str:
        """The stub's address: the base URL for Cohere, and with `/v1` the one for OpenAI."""
        return self._provider.url

    @property
    def problems(self) -> Sequence[str]:
        """What went wrong in the wires themselves: a run with any is not to be trusted."""
        return (*self._proxy.problems, *self._provider.problems)

    @property
    def database_connections(self) -> int:
        """Connections that are open through the proxy."""
        return self._proxy.connections

    def refuse_database(self) -> None:
        """Refuse new connections to the database; those that are open stay."""
        self._boundary.run(self._proxy.refuse())

    def accept_database(self) -> None:
        """Take connections to the database again."""
        self._boundary.run(self._proxy.accept())

    def drop_database(self) -> None:
        """Close every open connection to the database at once."""
        self._boundary.run(self._proxy.drop())

    def slow_database(self, latency_s: float) -> None:
        """Let every statement wait so long before it is delivered."""
        self._proxy.latency_s = latency_s

    def refuse_provider(self) -> None:
        """Refuse new connections to the provider; those that are open stay."""
        self._boundary.run(self._provider.refuse())

    def accept_provider(self) -> None:
        """Take connections to the provider again."""
        self._boundary.run(self._provider.accept())

    def wait_quiet(self, timeout_s: float) -> bool:
        """Wait until nothing of a killed target is left on the database's wire; False when it takes longer."""
        try:
            self._boundary.run(asyncio.wait_for(self._proxy.quiet(), timeout_s), timeout_s + _CALL_TIMEOUT_S)
        except TimeoutError:
            return False
        return True

    def restart_numbering(self) -> None:
        """Count messages from 1 again, as for a target that is started again."""
        self._boundary.run(self._restart_numbering())

    async def _restart_numbering(self) -> None:
        self._numbering.restart()


class Boundary:
    """The loop and its thread; see `open_boundary`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @contextlib.contextmanager
    def open_wires(self, settings: BoundarySettings, tap: Tap) -> Iterator[Wires]:
        """Put a proxy and a stub of its own between a target and what it depends on; gone afterwards."""
        _refuse_encryption(settings.database_url)
        numbering = Numbering(settings.housekeeping)
        proxy, provider = self.run(self._open(settings, tap, numbering))
        try:
            yield Wires(self, settings, proxy, provider, ClientWire(tap, numbering, self._loop), numbering)
        finally:
            self.run(_close(proxy, provider))

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float = _CALL_TIMEOUT_S) -> T:
        """Run a coroutine on the loop and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    async def _open(
        self, settings: BoundarySettings, tap: Tap, numbering: Numbering
    ) -> tuple[PostgresProxy, ProviderWire]:
        provider = ProviderWire(settings.provider, settings.ledger_path, tap, numbering, settings.faults)
        proxy = PostgresProxy(address_of(settings.database_url), tap, numbering)
        await provider.accept()
        await proxy.accept()
        return proxy, provider


@contextlib.contextmanager
def open_boundary() -> Iterator[Boundary]:
    """Run the boundary's loop in a thread of its own until the end of the block."""
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="boundary", daemon=True)
    thread.start()
    try:
        yield Boundary(loop)
    finally:
        asyncio.run_coroutine_threadsafe(_end_tasks(), loop).result(_CALL_TIMEOUT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(proxy: PostgresProxy, provider: ProviderWire) -> None:
    await proxy.close()
    await provider.close()


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # One more turn for the transports that were closed.
    await asyncio.sleep(0)


def _through(database_url: str, port: int) -> str:
    parts = urlsplit(database_url)
    login = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login[0]}{login[1]}{HOST}:{port}"))


def _refuse_encryption(database_url: str) -> None:
    wanted = parse_qs(urlsplit(database_url).query).get("sslmode", [""])[-1]
    if wanted in _NEEDS_ENCRYPTION:
        raise BoundaryError(
            f"sslmode={wanted} in the database's URL: crash testing reads the messages, so they cannot be encrypted; "
            "use a server on this machine or a trusted network, with sslmode=prefer or disable"
        )
