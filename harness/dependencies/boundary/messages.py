"""What crosses the boundary: numbered messages, and the three edges of each."""

import re
from dataclasses import dataclass, field
from enum import Enum

from harness.errors import BoundaryError

_NAME = re.compile(r"([a-z]+)\.([a-z_]+)#([1-9][0-9]*)")


class Edge(Enum):
    """Where in a message's life something happens; the values are how crash points write them, in this order."""

    BEFORE = "before"
    """Seen, and nothing of it delivered."""
    UNACKNOWLEDGED = "unacknowledged"
    """Delivered and carried out, its answer withheld."""
    AFTER = "after"
    """Its answer delivered."""


EDGES = tuple(Edge)


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """The n-th message of a kind on a wire, from 1; `text` is for people and is no part of its identity."""

    wire: str
    kind: str
    n: int
    text: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """How a crash point calls it: `postgres.commit#12`."""
        return f"{self.wire}.{self.kind}#{self.n}"

    @property
    def is_to_provider(self) -> bool:
        """Whether it is a request to a provider, which may be billed."""
        return self.wire not in ("postgres", "client")


def parse_message(name: str) -> Message:
    """The message of that name; BoundaryError says what a name looks like."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise BoundaryError(f"{name!r} is not a message; write wire.kind#n with n from 1, like postgres.commit#12")
    return Message(match[1], match[2], int(match[3]))


def parse_edge(word: str) -> Edge:
    """The edge of that name; BoundaryError lists the three."""
    try:
        return Edge(word)
    except ValueError:
        known = ", ".join(edge.value for edge in EDGES)
        raise BoundaryError(f"{word!r} is not an edge of a message; it is one of {known}") from None
