"""The framing of the Postgres protocol (version 3), and the few messages that the proxy writes itself.

After start-up a message is a type byte and a big-endian int32 that counts itself and the body. Everything here works
on literal bytes; see "Message Formats" in the PostgreSQL documentation.
"""

import struct
from collections.abc import Container

from harness.errors import BoundaryError

HEADER_BYTES = 5
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
_START_UP_MOST_BYTES = 10_000
"""As in the server: a longer start-up packet is no start-up packet."""

FLUSH = b"H\x00\x00\x00\x04"
TERMINATE = b"X\x00\x00\x00\x04"
SYNC = b"S\x00\x00\x00\x04"


def message_bytes(buffer: bytes | bytearray, at: int = 0) -> int | None:
    """The whole length of the message that begins at `at`; None while its header is not there."""
    if len(buffer) < at + HEADER_BYTES:
        return None
    length = int.from_bytes(buffer[at + 1 : at + HEADER_BYTES], "big")
    if length < 4:
        raise BoundaryError(f"what came on the Postgres wire is not its protocol: a message of {length} bytes")
    return length + 1


def run_bytes(buffer: bytes | bytearray, kinds: Container[int]) -> int:
    """The length of the whole messages of these kinds (type bytes) that `buffer` begins with."""
    at = 0
    while at < len(buffer) and buffer[at] in kinds:
        length = message_bytes(buffer, at)
        if length is None or at + length > len(buffer):
            break
        at += length
    return at


def copy_run_end(buffer: bytes | bytearray, at: int = 0) -> int:
    """Where the CopyData that begins at `at` ends, counting the part of the last one that is still to come."""
    while at < len(buffer) and buffer[at] == ord("d"):
        length = message_bytes(buffer, at)
        if length is None:
            break
        at += length
    return at


def start_up_bytes(buffer: bytes | bytearray) -> int | None:
    """The length of the packet, which has no type byte, that a connection begins with; None while it is not there."""
    if len(buffer) < 8:
        return None
    length = int.from_bytes(buffer[:4], "big")
    if not 8 <= length <= _START_UP_MOST_BYTES:
        raise BoundaryError(f"what came on the Postgres wire is not its protocol: a start-up packet of {length} bytes")
    return length if len(buffer) >= length else None


def start_up_code(packet: bytes) -> int:
    """What kind of start-up packet it is: one of the requests above, or the protocol's version."""
    return int.from_bytes(packet[4:8], "big")


def text_at(message: bytes, at: int = HEADER_BYTES) -> tuple[bytes, int]:
    """The zero-terminated text at `at`, and where the next field begins."""
    end = message.find(b"\0", at)
    if end < 0:
        raise BoundaryError("what came on the Postgres wire is not its protocol: a text without an end")
    return message[at:end], end + 1


def frame(kind: bytes, body: bytes) -> bytes:
    """A message of a type byte, length and body."""
    return kind + struct.pack("!i", len(body) + 4) + body


def query(sql: str) -> bytes:
    """A simple Query."""
    return frame(b"Q", sql.encode() + b"\0")


def extended(name: str, sql: str) -> bytes:
    """Parse, Bind and Execute of a statement without parameters under a name that is taken anew."""
    named = name.encode() + b"\0"
    return (
        frame(b"C", b"S" + named)
        + parse(name, sql)
        + frame(b"B", b"\0" + named + struct.pack("!hhh", 0, 0, 0))
        + frame(b"E", b"\0" + struct.pack("!i", 0))
    )


def parse(name: str, sql: str) -> bytes:
    """Parse of a statement whose parameters' types are left to the server."""
    return frame(b"P", name.encode() + b"\0" + sql.encode() + b"\0" + struct.pack("!h", 0))


def error_response(sqlstate: str, text: str) -> bytes:
    """An ErrorResponse of severity ERROR."""
    fields = (("S", "ERROR"), ("V", "ERROR"), ("C", sqlstate), ("M", text))
    return frame(b"E", b"".join(f"{key}{value}\0".encode() for key, value in fields) + b"\0")


def ready(status: bytes) -> bytes:
    """ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed one."""
    return frame(b"Z", status)


def only(messages: bytes, kinds: Container[int]) -> bytes:
    """Those of a series of whole messages that are of these kinds (type bytes)."""
    picked, at = b"", 0
    while (length := message_bytes(messages, at)) is not None:
        if messages[at] in kinds:
            picked += messages[at : at + length]
        at += length
    return picked
