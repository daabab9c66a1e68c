"""Listens in a database's place, and serves each connection by a session of its own; used on one loop only."""

import asyncio
from collections.abc import Sequence

from harness.dependencies.boundary.listening import Port
from harness.dependencies.boundary.numbering import Numbering
from harness.dependencies.boundary.postgres_link import Link
from harness.dependencies.boundary.postgres_session import Session
from harness.dependencies.boundary.stream import Stream
from harness.dependencies.boundary.tap import Tap
from harness.errors import BoundaryError


class PostgresProxy:
    """A proxy in front of `address`; `latency_s` is what each statement waits before it is delivered."""

    def __init__(self, address: tuple[str, int], tap: Tap, numbering: Numbering) -> None:
        self._address, self._tap, self._numbering = address, tap, numbering
        self._port = Port()
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._problems: list[str] = []
        self.latency_s = 0.0

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self._port.number

    @property
    def problems(self) -> Sequence[str]:
        """What went wrong in the proxy itself: a run with any is not to be trusted."""
        return tuple(self._problems)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._sessions)

    async def accept(self) -> None:
        """Take connections."""
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(self._accepted, sock=self._port.socket())

    async def refuse(self) -> None:
        """Let the kernel refuse new connections; those that are open stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def drop(self) -> None:
        """Close every open connection at once."""
        sessions = tuple(self._sessions)
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def quiet(self) -> None:
        """Wait until no connection is open."""
        await self._quiet.wait()

    async def close(self) -> None:
        """Stop listening, close every connection, give the port back."""
        await self.refuse()
        await self.drop()
        self._port.close()

    def _accepted(self) -> Stream:
        changed = asyncio.Event()
        client = Stream(changed, write_behind_bytes=0)
        session = asyncio.get_running_loop().create_task(self._serve(client, changed))
        self._sessions.add(session)
        self._quiet.clear()
        session.add_done_callback(self._ended)
        return client

    def _ended(self, session: asyncio.Task[None]) -> None:
        self._sessions.discard(session)
        if not self._sessions:
            self._quiet.set()
        error = None if session.cancelled() else session.exception()
        if error is not None:
            self._problems.append(f"{type(error).__name__}: {error}")

    async def _serve(self, client: Stream, changed: asyncio.Event) -> None:
        server = Stream(changed)
        try:
            await asyncio.get_running_loop().create_connection(lambda: server, *self._address)
            link = Link(client, server, changed)
            await Session(link, self._tap, self._numbering, lambda: self.latency_s).run()
        except OSError:
            # The database is not there: the client sees its connection end.
            client.abort()
        except (asyncio.CancelledError, BoundaryError):
            client.abort()
            server.abort()
            raise
        finally:
            client.close()
            server.close()
