"""The tap of an uncrashed run: notes what passed when, to enumerate crash points and to show what was around one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.points import enumerate_points
from harness.dependencies.boundary.tap import Action, Deliver


@dataclass(frozen=True, slots=True)
class Passage:
    """A message at an edge; `t` is in seconds since the recorder was made."""

    t: float
    message: Message
    edge: Edge


class Recorder:
    """Lets everything pass and notes it down; may be read from any thread meanwhile."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._passages: list[Passage] = []

    async def at(self, message: Message, edge: Edge) -> Action:
        """Note one passage."""
        self._passages.append(Passage(time.monotonic() - self._start, message, edge))
        return Deliver()

    @property
    def passages(self) -> Sequence[Passage]:
        """Everything so far, in the order of time."""
        return tuple(self._passages)

    def points(self) -> Sequence[tuple[Message, Edge]]:
        """The pairs of message and edge that were seen, in an order that two runs of the same work share."""
        return enumerate_points((one.message, one.edge) for one in self._passages)

    def around(self, message: Message, edge: Edge, count: int) -> Sequence[Passage]:
        """Up to `count` passages before the last one of that message and edge, itself, and as many after it."""
        found = self.passages
        places = [place for place, one in enumerate(found) if (one.message, one.edge) == (message, edge)]
        return found[max(0, places[-1] - count) : places[-1] + count + 1] if places else ()
