"""The ledger: one line of JSON a request, written before its answer is sent, and what it adds up to.

Fields of a line: `t` (Unix time, seconds), `message` (`openai.embeddings#7`), `n`, `endpoint`, `model`, `status`,
`billed`, `inputs` (SHA-256 in hex of each text, or of the prompt). Two endpoints are the stub's own: `unknown`
(`name` is method and path) and `outbound` (`name` is where the target wanted to go).
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from harness.dependencies.provider.messages import Message, Work

UNKNOWN = "unknown"
OUTBOUND = "outbound"
KEY_BYTES = 16
"""Bytes of a digest that are kept to know an input again: enough for any number of them, at half the memory."""

Seen = dict[tuple[str, str], set[bytes]]


@dataclass(frozen=True, slots=True)
class EndpointShare:
    """What one endpoint was asked and billed."""

    endpoint: str
    requests: int
    refused: int
    inputs: int
    inputs_billed_twice: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger, or a span of it, added up; `inputs` are billed ones, twice billed ones counted each time."""

    endpoints: tuple[EndpointShare, ...]
    unknown_endpoints: tuple[str, ...]
    outbound: tuple[str, ...]

    @property
    def requests(self) -> int:
        """Requests to endpoints that the stub knows, refused ones included."""
        return sum(one.requests for one in self.endpoints)

    @property
    def inputs(self) -> int:
        """Billed inputs."""
        return sum(one.inputs for one in self.endpoints)

    @property
    def inputs_billed_twice(self) -> int:
        """Billings beyond the first of an identity (endpoint, model, digest), since the start of the ledger."""
        return sum(one.inputs_billed_twice for one in self.endpoints)

    def by_endpoint(self, endpoint: str) -> EndpointShare:
        """The share of one endpoint, zeros where it was never asked."""
        found = [one for one in self.endpoints if one.endpoint == endpoint]
        return found[0] if found else EndpointShare(endpoint, 0, 0, 0, 0)


def request_line(message: Message, status: int, work: Work) -> bytes:
    """The line of a request to a known endpoint; it is billed when `status` is 200."""
    return _line(
        message=message.name, n=message.n, endpoint=message.endpoint, model=work.model, status=status,
        billed=status == 200, inputs=[digest.hex() for digest in work.digests],
    )  # fmt: skip


def note_line(endpoint: str, n: int, name: str, status: int) -> bytes:
    """The line of a request to `unknown` or `outbound`."""
    return _line(message=f"{endpoint}#{n}", n=n, endpoint=endpoint, status=status, billed=False, name=name, inputs=[])


def position(path: Path) -> int:
    """How far the ledger is written, in bytes: a mark for `read_shares`."""
    return path.stat().st_size


def read_ledger(path: Path) -> Ledger:
    """Add up the whole ledger."""
    return read_shares(path, ())[0]


def read_shares(path: Path, marks: Sequence[int]) -> tuple[Ledger, ...]:
    """Add up the spans between `marks` (ascending positions): one share more than there are marks.

    An input that an earlier span was billed for counts as billed twice in the span that bills it again.
    """
    seen: Seen = {}
    bounds = [0, *marks, None]
    return tuple(_add_up(path, start or 0, end, seen) for start, end in pairwise(bounds))


def read_lines(path: Path, start: int = 0, end: int | None = None) -> Iterator[dict[str, Any]]:
    """The lines that begin from `start` on and before `end`; a last line that is still being written is left out."""
    with path.open("rb") as file:
        file.seek(start)
        at = start
        for line in file:
            if (end is not None and at >= end) or not line.endswith(b"\n"):
                return
            at += len(line)
            yield orjson.loads(line)


def _line(**fields: Any) -> bytes:
    return orjson.dumps({"t": time.time(), **fields}, option=orjson.OPT_APPEND_NEWLINE)


def _add_up(path: Path, start: int, end: int | None, seen: Seen) -> Ledger:
    shares: dict[str, EndpointShare] = {}
    notes: dict[str, dict[str, None]] = {UNKNOWN: {}, OUTBOUND: {}}
    for line in read_lines(path, start, end):
        endpoint = line["endpoint"]
        if endpoint in notes:
            notes[endpoint][line["name"]] = None
        else:
            shares[endpoint] = _add_line(shares.get(endpoint, EndpointShare(endpoint, 0, 0, 0, 0)), line, seen)
    return Ledger(tuple(shares[name] for name in sorted(shares)), tuple(notes[UNKNOWN]), tuple(notes[OUTBOUND]))


def _add_line(share: EndpointShare, line: dict[str, Any], seen: Seen) -> EndpointShare:
    billed = line["inputs"] if line["billed"] else []
    known = seen.setdefault((share.endpoint, line["model"]), set())
    before = len(known)
    known.update(bytes.fromhex(digest[: 2 * KEY_BYTES]) for digest in billed)
    return EndpointShare(
        share.endpoint,
        share.requests + 1,
        share.refused + (not line["billed"]),
        share.inputs + len(billed),
        share.inputs_billed_twice + len(billed) - (len(known) - before),
    )


def open_for_append(path: Path) -> int:
    """A descriptor that appends; each line goes out in one write, so that a killed stub leaves whole lines."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
