"""One end of a proxied connection: bytes that came, bytes to send, and a signal that something changed."""

import asyncio
from collections.abc import Container
from typing import cast

from harness.dependencies.boundary import postgres_messages as protocol

_READ_AHEAD_BYTES = 2**18
_WRITE_BEHIND_BYTES = 2**18


class Stream(asyncio.Protocol):
    """Collects what comes until it is taken; both ends of a connection share one `changed`.

    One coroutine serves both ends. It looks first, then clears `changed`, then waits: nothing is missed.
    """

    def __init__(self, changed: asyncio.Event, write_behind_bytes: int = _WRITE_BEHIND_BYTES) -> None:
        self._changed = changed
        self._write_behind_bytes = write_behind_bytes
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._copy_missing = 0
        self._reading = True
        self._writable = True
        self._taken_leave = False
        self.ended = False
        """No more will come from there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=self._write_behind_bytes, low=0)
        self._changed.set()

    def data_received(self, data: bytes) -> None:
        """Keep what came, and read no more for now when it is much."""
        self._buffer += data
        if len(self._buffer) > _READ_AHEAD_BYTES and self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()
        self._changed.set()

    def eof_received(self) -> bool:
        """The other side sends no more; we may still answer."""
        self.ended = True
        self._changed.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how it ended does not matter
        """Nothing comes or goes any more."""
        self.ended = True
        self._writable = True
        self._transport = None
        self._changed.set()

    def pause_writing(self) -> None:
        """The peer is slower than we are."""
        self._writable = False

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._writable = True
        self._changed.set()

    @property
    def gone(self) -> bool:
        """Whether the peer has ended, and has left nothing more to do than to take leave."""
        return self.ended and bytes(self._buffer[: len(protocol.TERMINATE)]) in (b"", protocol.TERMINATE)

    def peek(self) -> bytes | None:
        """The type byte of the next message, None when nothing is there."""
        if self._buffer:
            return bytes(self._buffer[:1])
        self._read_on()
        return None

    def take(self) -> bytes | None:
        """The next whole message; None while it is not there."""
        length = protocol.message_bytes(self._buffer)
        return self._take(length if length is not None and length <= len(self._buffer) else None)

    def take_start_up(self) -> bytes | None:
        """The next whole start-up packet; None while it is not there."""
        return self._take(protocol.start_up_bytes(self._buffer))

    def take_run(self, kinds: Container[int]) -> bytes:
        """All whole messages of these kinds that come next."""
        return self._take(protocol.run_bytes(self._buffer, kinds) or None) or b""

    def take_copy(self) -> bytes:
        """CopyData as far as it has come, the last one perhaps in part: its rest comes with the next call."""
        end = protocol.copy_run_end(self._buffer, self._copy_missing)
        taken = min(end, len(self._buffer))
        self._copy_missing = end - taken
        return self._take(taken or None) or b""

    def write(self, data: bytes) -> None:
        """Send, or throw away when nobody is there."""
        if data and self._transport is not None and not self._taken_leave and not self._transport.is_closing():
            self._transport.write(data)

    def end(self) -> None:
        """Send no more: the peer sees the end after everything that was written."""
        if self._transport is not None and not self._taken_leave and not self._transport.is_closing():
            self._taken_leave = True
            self._transport.write_eof()

    async def sent(self) -> None:
        """Wait until no more than the write-behind is unsent; with a write-behind of 0, until the kernel has all."""
        while not self._writable:
            self._changed.clear()
            await self._changed.wait()

    def close(self) -> None:
        """Close after everything that was written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, length: int | None) -> bytes | None:
        if length is None:
            self._read_on()
            return None
        taken = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return taken

    def _read_on(self) -> None:
        if not self._reading and self._transport is not None and not self.ended:
            self._reading = True
            self._transport.resume_reading()
