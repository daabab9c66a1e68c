"""Crash points: what is done at which edge of which message, and their text, which a command line can replay."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.dependencies.boundary.messages import EDGES, Edge, Message, parse_edge, parse_message
from harness.errors import BoundaryError

_FAULT = re.compile(r"[a-z0-9][a-z0-9_-]*")
_JOIN = "+"


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """One fault at one edge of one message: `postgres.commit#12@unacknowledged/sigkill`."""

    message: Message
    edge: Edge
    fault: str

    def __str__(self) -> str:
        return f"{self.message.name}@{self.edge.value}/{self.fault}"


def parse_point(text: str) -> CrashPoint:
    """Read one crash point; BoundaryError says which part of it is wrong."""
    place, slash, fault = text.strip().partition("/")
    name, at, edge = place.partition("@")
    if not slash or not at:
        raise BoundaryError(
            f"{text!r} is not a crash point; write message@edge/fault, like postgres.commit#12@unacknowledged/sigkill"
        )
    if _FAULT.fullmatch(fault) is None:
        raise BoundaryError(f"{text!r}: {fault!r} is not the name of a fault (lower case letters, digits, - and _)")
    return CrashPoint(parse_message(name), parse_edge(edge), fault)


def parse_points(text: str) -> tuple[CrashPoint, ...]:
    """Read one crash point, or several joined by `+`, in the order in which they happen."""
    return tuple(parse_point(one) for one in text.split(_JOIN))


def format_points(points: Iterable[CrashPoint]) -> str:
    """Write crash points so that `parse_points` reads them again."""
    return _JOIN.join(str(point) for point in points)


def enumerate_points(seen: Iterable[tuple[Message, Edge]]) -> Sequence[tuple[Message, Edge]]:
    """Each pair of message and edge once, by name, number and edge.

    Not by time: concurrency varies the order between two runs of the same work, and a seed must pick the same points.
    """
    order = {edge: place for place, edge in enumerate(EDGES)}
    return sorted(set(seen), key=lambda pair: (pair[0], order[pair[1]]))
