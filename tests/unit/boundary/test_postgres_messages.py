"""The framing of the Postgres protocol on literal bytes, cut at every byte."""

import asyncio
import struct

import pytest

from harness.dependencies.boundary import postgres_messages as protocol
from harness.dependencies.boundary.stream import Stream
from harness.errors import BoundaryError

MESSAGES = (
    protocol.parse("one", "COMMIT"),
    b"Q\x00\x00\x00\x0bCOMMIT\0",
    b"H\x00\x00\x00\x04",
    b"S\x00\x00\x00\x04",
    b"c\x00\x00\x00\x04",
)
COPY = (b"d\x00\x00\x00\x09hello", b"d\x00\x00\x00\x04", b"d\x00\x00\x00\x06ab")


def _messages(stream: Stream) -> list[bytes]:
    taken = []
    while (message := stream.take()) is not None:
        taken.append(message)
    return taken


def test_messages_are_framed_as_documented() -> None:
    """A type byte, a length that counts itself, zero-terminated texts."""
    assert protocol.query("COMMIT") == b"Q\x00\x00\x00\x0bCOMMIT\0"
    assert protocol.ready(b"E") == b"Z\x00\x00\x00\x05E"
    assert protocol.parse("", "x") == b"P\x00\x00\x00\x09\0x\0\x00\x00"
    assert protocol.error_response("40001", "no") == b"E\x00\x00\x00\x1eSERROR\0VERROR\0C40001\0Mno\0\0"


def test_messages_are_the_same_wherever_they_are_cut() -> None:
    """The network may cut a stream at any byte."""
    whole = b"".join(MESSAGES)
    for cut in range(len(whole) + 1):
        stream = Stream(asyncio.Event())
        stream.data_received(whole[:cut])
        first = _messages(stream)
        stream.data_received(whole[cut:])
        assert tuple(first + _messages(stream)) == MESSAGES


def test_copied_data_is_passed_on_as_it_comes_wherever_it_is_cut() -> None:
    """Nothing of a COPY waits for its message to be whole, and what follows it is found."""
    whole = b"".join(COPY) + MESSAGES[-1]
    for cut in range(len(whole) + 1):
        stream = Stream(asyncio.Event())
        stream.data_received(whole[:cut])
        first = stream.take_copy()
        assert len(first) >= min(cut, len(whole) - 5) - 4
        stream.data_received(whole[cut:])
        assert first + stream.take_copy() == b"".join(COPY)
        assert stream.take() == MESSAGES[-1]


def test_a_run_ends_before_a_message_that_is_not_whole() -> None:
    """Rows are taken together as far as they are there; other kinds stay."""
    rows = protocol.frame(b"D", b"row") * 3
    stream = Stream(asyncio.Event())
    stream.data_received(rows + rows[:6])
    assert stream.take_run(b"D") == rows
    stream.data_received(rows[6:8] + protocol.ready(b"I"))
    assert stream.take_run(b"D") == rows[:8]
    assert stream.take() == protocol.ready(b"I")


def test_start_up_packets_have_no_type() -> None:
    """A start-up packet is known by its code, and is not taken before it is whole."""
    packet = struct.pack("!ii", 8, protocol.SSL_REQUEST)
    for cut in range(8):
        assert protocol.start_up_bytes(packet[:cut]) is None
    assert protocol.start_up_bytes(packet) == 8
    assert protocol.start_up_code(packet) == protocol.SSL_REQUEST


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n", b"\0\0\0\x03abcdef"])
def test_what_is_no_start_up_is_refused(garbage: bytes) -> None:
    """Another protocol on the port is named, not waited for."""
    with pytest.raises(BoundaryError, match="not its protocol"):
        protocol.start_up_bytes(garbage)


def test_a_length_that_cannot_be_is_refused() -> None:
    """A stream out of step is named, not read on."""
    with pytest.raises(BoundaryError, match="not its protocol"):
        protocol.message_bytes(b"Q\0\0\0\x03x")


def test_messages_are_picked_out_of_an_answer() -> None:
    """What a client must learn is kept of an answer that is otherwise replaced."""
    told = protocol.frame(b"S", b"a\0b\0") + protocol.frame(b"C", b"ROLLBACK\0") + protocol.ready(b"I")
    assert protocol.only(told, b"SA") == protocol.frame(b"S", b"a\0b\0")
