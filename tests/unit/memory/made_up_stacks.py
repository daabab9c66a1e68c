"""Stacks and captures that are made up, as a capture would give them."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from harness.memory.capture import NEVER, Frame, Held, Lived, Span
from harness.memory.places import Place, place_of

APP = "/srv/service/app"
SITE = "/venv/lib/python3.11/site-packages"
STDLIB = "/usr/lib/python3.11"


def frames(*texts: str) -> tuple[Frame, ...]:
    """Frames from `function file:line`, innermost first."""
    found = []
    for text in texts:
        function, _, where = text.partition(" ")
        file, _, line = where.rpartition(":")
        found.append(Frame(function, file, int(line)))
    return tuple(found)


def reader(stack: Sequence[Frame]) -> "Reader":
    """The stack as a capture hands it over."""
    return Reader(stack)


class Reader:
    """Gives so many frames, and remembers the most that it was asked for."""

    def __init__(self, stack: Sequence[Frame]) -> None:
        self._stack = list(stack)
        self.asked = 0

    def __call__(self, most: int) -> list[Frame]:
        """The innermost `most` frames, all for 0."""
        self.asked = max(self.asked, most or len(self._stack))
        return self._stack[: most or None]


def held(count: int, *texts: str, allocations: int = 1) -> Held:
    """Bytes at the peak."""
    return Held(reader(frames(*texts)), count, allocations)


def lived(spans: Sequence[tuple[int, int | None, int]], *texts: str) -> Lived:
    """Bytes over time; an end of None is the end of the capture."""
    return Lived(
        reader(frames(*texts)), tuple(Span(start, NEVER if end is None else end, count) for start, end, count in spans)
    )


def place(path: str) -> Place:
    """Where a file stands: `app` is a package in /srv/service."""
    return place_of(path, lambda folder: folder.is_relative_to(PurePosixPath(APP)))
