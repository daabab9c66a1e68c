"""Takes the statements of one proxied Postgres connection one by one through their three edges."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from harness.dependencies.boundary import postgres_messages as protocol
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.numbering import Numbering
from harness.dependencies.boundary.postgres_link import AT_COMPLETE, AT_READY, Link, Over
from harness.dependencies.boundary.postgres_refusal import refusal
from harness.dependencies.boundary.statements import Statement, read_statement
from harness.dependencies.boundary.tap import Delay, Deliver, Drop, SqlError, Tap
from harness.errors import BoundaryError

WIRE = "postgres"
SYNC = Statement("Sync", "sync", ends_transaction=False)
"""A Sync that commits statements outside a transaction whose answers were given before it."""
FUNCTION = Statement("FunctionCall", "function", ends_transaction=False)
UNKNOWN = Statement("", "other", ends_transaction=False)
"""What a portal that we have not seen being bound would run."""


@dataclass(frozen=True, slots=True)
class Request:
    """A statement as the client asked for it; `until` are the kinds of message that can end its answer."""

    statement: Statement
    payload: bytes
    until: bytes
    extended: bool


class Session:
    """The state of one connection; `latency_s` is asked before each statement."""

    def __init__(self, link: Link, tap: Tap, numbering: Numbering, latency_s: Callable[[], float]) -> None:
        self._link, self._tap, self._numbering, self._latency_s = link, tap, numbering, latency_s
        self._statements: dict[bytes, Statement] = {}
        self._portals: dict[bytes, Statement] = {}
        self._pending = b""

    async def run(self) -> None:
        """Serve until one of the two ends is gone."""
        try:
            await self._link.start_up()
            while True:
                await self._step()
        except Over:
            return

    async def _step(self) -> None:
        """Pass on what the server says by itself, and handle the client's next message."""
        link = self._link
        if (told := link.server.take()) is not None:
            link.notice(told)
            link.client.write(told)
        elif late := link.client.take_copy():
            # Behind a COPY that the server has given up.
            link.server.write(late)
            await link.server.sent()
        elif (message := link.client.take()) is not None:
            await self._handle(message)
        else:
            await link.wait()

    async def _handle(self, message: bytes) -> None:
        match message[:1]:
            case b"S":
                await self._sync(message)
            case _ if self._link.skipping:
                self._link.server.write(message)
            case b"Q":
                statement = _statement(protocol.text_at(message)[0])
                await self._take_through(Request(statement, message, AT_READY, extended=False))
            case b"F":
                await self._take_through(Request(FUNCTION, message, AT_READY, extended=False))
            case b"E":
                statement = self._portals.get(protocol.text_at(message)[0], UNKNOWN)
                await self._take_through(Request(statement, message, AT_COMPLETE, extended=True))
            case b"P" | b"B" | b"C" | b"D":
                self._remember(message)
                self._pending += message
            case _:
                self._link.server.write(self._take_pending() + message)

    def _remember(self, message: bytes) -> None:
        """Know a prepared statement by its SQL, and a portal by its statement's."""
        name, at = protocol.text_at(message)
        match message[:1]:
            case b"P":
                self._statements[name] = _statement(protocol.text_at(message, at)[0])
            case b"B":
                self._portals[name] = self._statements.get(protocol.text_at(message, at)[0], UNKNOWN)
            case b"C":
                closed = self._statements if name[:1] == b"S" else self._portals
                closed.pop(name[1:], None)

    def _take_pending(self) -> bytes:
        """What prepares a statement, and goes to the server together with it."""
        pending, self._pending = self._pending, b""
        return pending

    async def _sync(self, message: bytes) -> None:
        """Handle a Sync that does not come right behind an Execute."""
        link = self._link
        if link.transaction.sync_commits and not link.skipping:
            await self._take_through(Request(SYNC, message, AT_READY, extended=True))
            return
        link.server.write(self._take_pending() + message)
        link.client.write(await link.answer(AT_READY, extended=True))
        await link.client.sent()

    async def _take_through(self, request: Request) -> None:
        """Take one statement through its edges."""
        message = self._number(request.statement)
        if self._latency_s():
            await asyncio.sleep(self._latency_s())
        error = await self._ask(message, Edge.BEFORE)
        if error is not None:
            await self._refuse(request, error)
            return
        self._link.transaction.delivering(request.statement, numbered=message is not None)
        answer = await self._carry_out(request)
        await self._ask(message, Edge.UNACKNOWLEDGED)
        self._link.client.write(answer)
        await self._link.client.sent()
        await self._ask(message, Edge.AFTER)

    def _number(self, statement: Statement) -> Message | None:
        if self._link.transaction.is_housekeeping(statement):
            return None
        return self._numbering.number(WIRE, statement.verb, statement.text)

    async def _ask(self, message: Message | None, edge: Edge) -> SqlError | None:
        """Let the tap decide, and do what it says; an error is for the caller to answer."""
        if message is None:
            return None
        match await self._tap.at(message, edge):
            case Deliver():
                pass
            case Delay(seconds):
                await asyncio.sleep(seconds)
            case Drop():
                self._link.drop()
            case SqlError() as error if edge is Edge.BEFORE:
                return error
            case other:
                raise BoundaryError(f"{type(other).__name__} cannot be done to {message.name} at the edge {edge.value}")
        return None

    async def _carry_out(self, request: Request) -> bytes:
        tail, until = (b"", AT_READY) if request.until == AT_READY else await self._link.following()
        self._link.server.write(self._take_pending() + request.payload + tail)
        await self._link.server.sent()
        return await self._link.answer(until, extended=request.extended)

    async def _refuse(self, request: Request, error: SqlError) -> None:
        """Answer with an error, and bring the server into the state that it would have after its own."""
        link = self._link
        self._take_pending()
        instead, until = refusal(request.statement, link.transaction.status, extended=request.extended)
        told = b""
        if instead:
            link.server.write(instead)
            told = protocol.only(await link.answer(until, extended=request.extended), b"SA")
        told += protocol.error_response(error.sqlstate, error.text)
        if not request.extended:
            told += protocol.ready(link.transaction.status)
        link.client.write(told)
        await link.client.sent()
        if request.payload[:1] == b"S":
            await self._sync(request.payload)


def _statement(sql: bytes) -> Statement:
    return read_statement(sql.decode(errors="replace"))
