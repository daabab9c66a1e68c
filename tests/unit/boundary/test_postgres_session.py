"""A session on literal bytes, both of its ends played by the test."""

import asyncio
import struct
from typing import Any

import pytest

from harness.dependencies.boundary import postgres_messages as protocol
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.numbering import Numbering
from harness.dependencies.boundary.postgres_link import Link
from harness.dependencies.boundary.postgres_session import Session
from harness.dependencies.boundary.recorder import Recorder
from harness.dependencies.boundary.stream import Stream
from harness.dependencies.boundary.tap import Action, Deliver, SqlError, Tap

START_UP = struct.pack("!ii", 8, protocol.SSL_REQUEST) + struct.pack("!ii", 22, 196608) + b"user\0someone\0\0"
WELCOME = protocol.frame(b"R", struct.pack("!i", 0)) + protocol.ready(b"I")
BIND = protocol.frame(b"B", b"\0one\0" + bytes(6))
EXECUTE = protocol.frame(b"E", b"\0" + bytes(4))
DONE = protocol.frame(b"C", b"INSERT 0 1\0")
SQL = "INSERT INTO t VALUES (1)"


class Refuse:
    """A tap that refuses what commits by a Sync."""

    async def at(self, message: Message, edge: Edge) -> Action:
        """Let everything else pass."""
        return SqlError("40001", "injected") if (message.kind, edge) == ("sync", Edge.BEFORE) else Deliver()


class Far(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.got = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.got += bytes(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Everything is sent at once."""

    def is_closing(self) -> bool:
        """Never closed."""
        return False


class Ends:
    """A session between two transports of the test's own."""

    def __init__(self, tap: Tap) -> None:
        changed = asyncio.Event()
        self.client, self.server = Stream(changed), Stream(changed)
        self.to_client, self.to_server = Far(), Far()
        self.client.connection_made(self.to_client)
        self.server.connection_made(self.to_server)
        session = Session(Link(self.client, self.server, changed), tap, Numbering(), lambda: 0.0)
        self.task = asyncio.create_task(session.run())

    async def say(self, stream: Stream, data: bytes) -> None:
        """Let bytes come from one end, and the session do what it can with them."""
        stream.data_received(data)
        for _ in range(8):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Let the client go."""
        self.client.eof_received()
        await asyncio.wait_for(self.task, 5)


async def _started(tap: Tap) -> Ends:
    ends = Ends(tap)
    await ends.say(ends.client, START_UP)
    await ends.say(ends.server, WELCOME)
    assert ends.to_client.got == b"N" + WELCOME
    assert ends.to_server.got == START_UP[8:]
    ends.to_client.got = ends.to_server.got = b""
    return ends


async def _converse(cut: int) -> tuple[bytes, bytes, list[Any]]:
    """A statement and its answer, each in two pieces."""
    recorder = Recorder()
    ends = await _started(recorder)
    said = protocol.parse("one", SQL) + BIND + EXECUTE + protocol.SYNC
    answered = protocol.frame(b"1", b"") + protocol.frame(b"2", b"") + DONE + protocol.ready(b"I")
    for stream, data in ((ends.client, said), (ends.server, answered)):
        await ends.say(stream, data[:cut])
        await ends.say(stream, data[cut:])
    await ends.end()
    assert (ends.to_server.got, ends.to_client.got) == (said, answered)
    return said, answered, [(one.message.name, one.edge.value) for one in recorder.passages]


async def test_a_statement_passes_unchanged_wherever_the_network_cuts_it() -> None:
    """Both streams come out as they went in, and the edges are the same at every cut."""
    said, answered, edges = await _converse(0)
    assert edges == [("postgres.insert#1", edge) for edge in ("before", "unacknowledged", "after")]
    for cut in range(max(len(said), len(answered)) + 1):
        assert (await _converse(cut))[2] == edges


async def test_what_comes_later_in_a_pipeline_waits_for_what_is_before_it() -> None:
    """The second statement is not delivered before the first is answered; a Flush of our own gets that answer."""
    ends = await _started(Recorder())
    first = protocol.parse("one", SQL) + BIND + EXECUTE
    second = BIND + EXECUTE + protocol.SYNC
    await ends.say(ends.client, first + second)
    assert ends.to_server.got == first + protocol.FLUSH
    await ends.say(ends.server, DONE)
    assert ends.to_client.got == DONE
    assert ends.to_server.got == first + protocol.FLUSH + second
    await ends.say(ends.server, DONE)
    assert ends.to_client.got == DONE
    await ends.say(ends.server, protocol.ready(b"I"))
    assert ends.to_client.got == DONE + DONE + protocol.ready(b"I")
    await ends.end()


async def test_a_sync_that_commits_by_itself_is_a_message() -> None:
    """Answers that a client flushed out are committed by its Sync, which has edges of its own."""
    recorder = Recorder()
    ends = await _started(recorder)
    await ends.say(ends.client, protocol.parse("one", SQL) + BIND + EXECUTE + protocol.FLUSH)
    await ends.say(ends.server, DONE)
    await ends.say(ends.client, protocol.SYNC)
    await ends.say(ends.server, protocol.ready(b"I"))
    await ends.say(ends.client, protocol.SYNC)
    await ends.say(ends.server, protocol.ready(b"I"))
    await ends.end()
    assert [one.message.name for one in recorder.passages] == ["postgres.insert#1"] * 3 + ["postgres.sync#1"] * 3


async def test_after_an_error_the_rest_of_a_pipeline_is_not_carried_out() -> None:
    """What the server skips is no message, and its Sync is still answered."""
    recorder = Recorder()
    ends = await _started(recorder)
    await ends.say(ends.client, (protocol.parse("one", SQL) + BIND + EXECUTE) * 2 + protocol.SYNC)
    await ends.say(ends.server, protocol.error_response("23505", "twice"))
    await ends.say(ends.server, protocol.ready(b"I"))
    await ends.end()
    assert {one.message.name for one in recorder.passages} == {"postgres.insert#1"}
    assert ends.to_client.got == protocol.error_response("23505", "twice") + protocol.ready(b"I")


@pytest.mark.parametrize("kind", [b"N", b"S", b"A"])
async def test_what_the_server_says_by_itself_is_passed_on(kind: bytes) -> None:
    """Notices, parameters and notifications come through to an idle client."""
    ends = await _started(Recorder())
    told = protocol.frame(kind, b"a\0b\0")
    await ends.say(ends.server, told)
    assert ends.to_client.got == told
    await ends.end()


async def test_a_sync_that_is_refused_is_answered_by_the_server_itself() -> None:
    """The server is made to fail, its error is replaced, and its ReadyForQuery ends the batch."""
    ends = await _started(Refuse())
    await ends.say(ends.client, protocol.parse("one", SQL) + BIND + EXECUTE + protocol.FLUSH)
    await ends.say(ends.server, DONE)
    ends.to_client.got = ends.to_server.got = b""
    await ends.say(ends.client, protocol.SYNC)
    assert ends.to_server.got.endswith(protocol.FLUSH)
    assert b"ROLLBACK" not in ends.to_server.got
    await ends.say(ends.server, protocol.error_response("42601", "no SQL"))
    assert ends.to_server.got.endswith(protocol.SYNC)
    await ends.say(ends.server, protocol.ready(b"I"))
    assert ends.to_client.got == protocol.error_response("40001", "injected") + protocol.ready(b"I")
    await ends.end()
