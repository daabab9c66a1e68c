"""The provider stub on the boundary's own loop, its messages numbered and tapped."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from harness.dependencies.boundary.listening import HOST, Port
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.numbering import Numbering
from harness.dependencies.boundary.tap import Alter, Delay, Deliver, Drip, Drop, Respond, Tap
from harness.dependencies.provider import messages as provider
from harness.dependencies.provider.ledger import open_for_append
from harness.dependencies.provider.server import Provider
from harness.dependencies.provider.settings import ProviderSettings
from harness.errors import BoundaryError

_KEEPALIVE_S = 600.0
_DROPPED = provider.Answer(503, b"{}")
"""What the ledger notes of a message that was dropped before it was delivered; it is sent to nobody."""


@dataclass(slots=True)
class _Exchange:
    """One request under way: its connection, and what was decided about it."""

    request: web.BaseRequest
    message: Message | None = None
    drip: Drip | None = None


_exchange: ContextVar[_Exchange] = ContextVar("exchange")


class _Tapped:
    """The fault that asks the tap at `before` and `unacknowledged`."""

    def __init__(self, tap: Tap, numbering: Numbering) -> None:
        self._tap, self._numbering = tap, numbering

    async def meet(self, message: provider.Message, carry_out: provider.CarryOut) -> provider.Answer:
        """Carry the message out, if and as the tap says."""
        exchange = _exchange.get()
        wire, _, kind = message.endpoint.partition(".")
        exchange.message = self._numbering.number(wire, kind, exchange.request.path)
        if exchange.message is None:
            return await carry_out()
        match await self._tap.at(exchange.message, Edge.BEFORE):
            case Deliver():
                pass
            case Delay(seconds):
                await asyncio.sleep(seconds)
            case Drop():
                return _drop(exchange)
            case Respond(answer):
                return answer
            case other:
                raise _impossible(other, exchange.message, Edge.BEFORE)
        return await self._acknowledge(exchange, exchange.message, await carry_out())

    async def _acknowledge(self, exchange: _Exchange, message: Message, answer: provider.Answer) -> provider.Answer:
        match await self._tap.at(message, Edge.UNACKNOWLEDGED):
            case Deliver():
                pass
            case Delay(seconds):
                await asyncio.sleep(seconds)
            case Drop():
                return _drop(exchange)
            case Respond(other_answer):
                return other_answer
            case Alter(change):
                return change(answer)
            case Drip() as drip:
                exchange.drip = drip
            case other:
                raise _impossible(other, message, Edge.UNACKNOWLEDGED)
        return answer


class ProviderWire:
    """A stub of its own with its ledger; used on one loop only. `faults` act closer to the stub than the tap."""

    def __init__(
        self,
        settings: ProviderSettings,
        ledger_path: Path,
        tap: Tap,
        numbering: Numbering,
        faults: Sequence[provider.Fault] = (),
    ) -> None:
        self._tap = tap
        self._ledger_fd = open_for_append(ledger_path)
        self._provider = Provider(settings, self._ledger_fd, [_Tapped(tap, numbering), *faults])
        self._port = Port()
        server = web.Server(self._handle, access_log=None, keepalive_timeout=_KEEPALIVE_S)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.0)
        self._site: web.SockSite | None = None
        self._problems: list[str] = []

    @property
    def url(self) -> str:
        """Where it listens; `/v1` behind it is the base URL for OpenAI."""
        return f"http://{HOST}:{self._port.number}"

    @property
    def problems(self) -> Sequence[str]:
        """What went wrong in the wire itself: a run with any is not to be trusted."""
        return tuple(self._problems)

    async def accept(self) -> None:
        """Take connections."""
        if self._site is None:
            await self._runner.setup()
            self._site = web.SockSite(self._runner, self._port.socket())
            await self._site.start()

    async def refuse(self) -> None:
        """Let the kernel refuse new connections; those that are open stay."""
        if self._site is not None:
            await self._site.stop()
            self._site = None

    async def close(self) -> None:
        """Stop listening, close every connection, close the ledger."""
        self._site = None
        await self._runner.cleanup()
        self._port.close()
        os.close(self._ledger_fd)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange = _Exchange(request)
        _exchange.set(exchange)
        if request.transport is not None:
            # An answer counts as delivered when the kernel has all of it.
            request.transport.set_write_buffer_limits(high=0)
        try:
            try:
                response = await self._provider.handle(request)
            except ConnectionError:
                # The target died in the middle of its request.
                return web.Response(status=400)
            # The client may be gone by now, or have been dropped.
            with contextlib.suppress(ConnectionError):
                response = await _send(exchange, response)
                await request.writer.drain()
            if exchange.message is not None:
                await self._sent(exchange, exchange.message)
        except BoundaryError as error:
            self._problems.append(str(error))
            raise
        return response

    async def _sent(self, exchange: _Exchange, message: Message) -> None:
        if exchange.request.transport is None or exchange.request.transport.is_closing():
            return
        match await self._tap.at(message, Edge.AFTER):
            case Deliver():
                pass
            case Delay(seconds):
                await asyncio.sleep(seconds)
            case Drop():
                _drop(exchange)
            case other:
                raise _impossible(other, message, Edge.AFTER)


async def _send(exchange: _Exchange, response: web.StreamResponse) -> web.StreamResponse:
    """Send the whole answer, dripping where that was decided."""
    if exchange.drip is not None and isinstance(response, web.Response) and isinstance(response.body, bytes):
        return await _drip(exchange.request, response, response.body, exchange.drip)
    await response.prepare(exchange.request)
    await response.write_eof()
    return response


async def _drip(
    request: web.BaseRequest, response: web.Response, body: bytes, drip: Drip
) -> web.StreamResponse:  # fmt: skip
    slow = web.StreamResponse(status=response.status, headers=response.headers)
    slow.content_length = len(body)
    await slow.prepare(request)
    size = -(-len(body) // drip.pieces)
    for at in range(0, len(body), size):
        await slow.write(body[at : at + size])
        await asyncio.sleep(drip.pause_s)
    await slow.write_eof()
    return slow


def _drop(exchange: _Exchange) -> provider.Answer:
    if exchange.request.transport is not None:
        exchange.request.transport.abort()
    return _DROPPED


def _impossible(action: object, message: Message, edge: Edge) -> BoundaryError:
    return BoundaryError(f"{type(action).__name__} cannot be done to {message.name} at the edge {edge.value}")
