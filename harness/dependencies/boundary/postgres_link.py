"""Both ends of one proxied Postgres connection, and the waiting for each of them.

At most one statement is with the server at a time, also when the client pipelines.
"""

import asyncio

from harness.dependencies.boundary import postgres_messages as protocol
from harness.dependencies.boundary.stream import Stream
from harness.dependencies.boundary.transactions import Transaction
from harness.errors import BoundaryError

AT_READY = b"Z"
AT_COMPLETE = b"CIsE"
"""CommandComplete, EmptyQueryResponse, PortalSuspended, ErrorResponse: what an Execute's answer ends with."""
_ASYNC = b"NSA"
"""NoticeResponse, ParameterStatus, NotificationResponse: come at any time, and answer nothing."""
_ROWS = b"DdTtn123" + _ASYNC
"""What an answer has before its end."""
_HELD_BYTES = 2**16
"""Rows are held with the rest of their answer up to here; of a longer answer only the end is held."""


class Over(Exception):
    """The connection is over: one of its ends is gone, or it was dropped."""


class Link:
    """Moves messages between client and server; `skipping` while the server ignores everything up to Sync."""

    def __init__(self, client: Stream, server: Stream, changed: asyncio.Event) -> None:
        self.client, self.server, self._changed = client, server, changed
        self.transaction = Transaction()
        self.skipping = False

    async def start_up(self) -> None:
        """Pass the start-up through, without encryption; Over after a connection that only cancels a statement."""
        while True:
            packet = self.client.take_start_up()
            if packet is None:
                await self.wait()
            elif protocol.start_up_code(packet) in (protocol.SSL_REQUEST, protocol.GSS_REQUEST):
                self.client.write(b"N")
            else:
                break
        self.server.write(packet)
        if protocol.start_up_code(packet) == protocol.CANCEL_REQUEST:
            while not self.server.ended:
                await self._change()
            raise Over
        await self._authenticate()

    async def _authenticate(self) -> None:
        while True:
            if (answer := self.server.take()) is not None:
                self.client.write(answer)
                if answer[:1] == AT_READY:
                    return
            elif (said := self.client.take()) is not None:
                self.server.write(said)
            else:
                await self.wait()

    async def wait(self) -> None:
        """Wait for either end while nothing is under way; Over when one of them is gone."""
        if self.client.ended or self.server.ended:
            raise Over
        await self._change()

    def drop(self) -> None:
        """Close both ends at once; raises Over."""
        self.client.abort()
        self.server.abort()
        raise Over

    def notice(self, message: bytes) -> None:
        """Learn from what the server says."""
        kind = message[:1]
        if kind == b"E":
            # After a simple query ReadyForQuery follows, which ends it at once.
            self.skipping = True
        elif kind == b"C":
            self.transaction.complete()
        elif kind == AT_READY:
            self.skipping = False
            self.transaction.ready(message[protocol.HEADER_BYTES :])

    async def answer(self, until: bytes, *, extended: bool) -> bytes:
        """What the server answers, up to a message of one of the kinds `until`: withheld from the client."""
        held = bytearray()
        while True:
            held += self.server.take_run(_ROWS)
            message = self.server.take()
            if message is None:
                await self._wait_for_server(held)
                continue
            held += message
            self.notice(message)
            if message[:1] == b"G":
                self._release(held)
                until = await self._copy_in(extended=extended)
            elif message[:1] == b"W":
                raise BoundaryError("the target replicates over Postgres, which cannot be crash tested")
            elif message[:1] in until:
                return bytes(held)

    async def following(self) -> tuple[bytes, bytes]:
        """What to send behind an Execute, and what then ends its answer.

        The client's own Sync, since only that makes a statement outside a transaction durable, or else a Flush. A
        client sends something behind every Execute, or it would never be answered.
        """
        while (kind := self.client.peek()) is None and not self.client.ended:
            await self._change()
        if kind != b"S":
            return protocol.FLUSH, AT_COMPLETE
        while (sync := self.client.take()) is None:
            await self.wait()
        return sync, AT_READY

    async def _wait_for_server(self, held: bytearray) -> None:
        if len(held) > _HELD_BYTES or self.server.ended:
            self._release(held)
            await self.client.sent()
        if self.server.ended:
            raise Over
        if self.client.gone:
            # As without a proxy: the server sees the end behind what it was sent, and does that first.
            self.server.end()
        await self._change()

    async def _copy_in(self, *, extended: bool) -> bytes:
        """Pass the data of a COPY on until it ends, or the server gives up; says what ends the answer then."""
        while True:
            said = self.server.peek()
            if said is not None and said not in _ASYNC:
                return AT_COMPLETE if extended else AT_READY
            if said is not None and (notice := self.server.take()) is not None:
                self.client.write(notice)
            elif copied := self.client.take_copy():
                self.server.write(copied)
                await self.server.sent()
            elif (message := self.client.take()) is None:
                await self.wait()
            elif message[:1] in b"cf":
                tail, until = await self.following() if extended else (b"", AT_READY)
                self.server.write(message + tail)
                return until
            else:
                # Sync and Flush, which the server ignores in here.
                self.server.write(message)

    def _release(self, held: bytearray) -> None:
        self.client.write(bytes(held))
        held.clear()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
