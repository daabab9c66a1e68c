"""Reads a memray capture: who held how much of the heap, and when. A killed process's is read like any other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import HalfgigError

TICKS_MOST = 400
"""Most moments at which the heap is looked at; a longer capture is read on a coarser grid, which costs less."""
NEVER = 2**62


class CaptureError(HalfgigError):
    """A capture is not there, or this memray cannot read it."""


class Frame(NamedTuple):
    """One Python function on a stack."""

    function: str
    file: str
    line: int


StackReader = Callable[[int], list[Frame]]
"""The innermost so many frames of a stack (0: all); reading a whole one costs most of going through a capture."""


class Held(NamedTuple):
    """What one stack held at the heap's peak."""

    stack: StackReader
    bytes: int
    allocations: int


class Span(NamedTuple):
    """Bytes that were there at every tick from `start` to before `end` (`NEVER`: to the last)."""

    start: int
    end: int
    bytes: int


class Lived(NamedTuple):
    """What one stack held over time."""

    stack: StackReader
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The heap over time, at ticks; after the last one comes one more: the end of the capture."""

    ticks_s: tuple[float, ...]
    """Seconds since the epoch."""
    heap_bytes: tuple[int, ...]

    @property
    def end(self) -> int:
        """The tick that stands for the end of the capture."""
        return len(self.ticks_s)


@dataclass(frozen=True, slots=True)
class Capture:
    """An open capture."""

    memray: str
    exact: bool
    heap_peak_bytes: int
    timeline: Timeline
    reader: Any
    """memray's own, for its own reporters."""

    def held(self) -> Iterator[Held]:
        """Everything at the heap's peak; each call goes through the capture once more."""
        for one in self.reader.get_high_watermark_allocation_records(merge_threads=True):
            yield Held(_stack_reader(one), one.size, one.n_allocations)

    def lived(self) -> Iterator[Lived]:
        """Everything that was there at one tick or more; each call goes through the capture once more."""
        for one in self.reader.get_temporal_allocation_records(merge_threads=True):
            yield Lived(_stack_reader(one), tuple(map(_span, one.intervals)))


@contextmanager
def open_capture(path: Path) -> Iterator[Capture]:
    """Read `path`; CaptureError where there is nothing that this memray can read."""
    from memray import FileReader

    try:
        reader = FileReader(path, max_memory_records=TICKS_MOST)
    except OSError as error:
        hint = f"captures are read by the memray that wrote them; this one is {version('memray')}"
        raise CaptureError(f"{path}: not a capture that can be read ({error}); {hint}") from None
    with reader:
        snapshots = tuple(reader.get_memory_snapshots())
        timeline = Timeline(tuple(one.time / 1000 for one in snapshots), tuple(one.heap for one in snapshots))
        metadata = reader.metadata
        yield Capture(version("memray"), metadata.trace_python_allocators, metadata.peak_memory, timeline, reader)


def _stack_reader(record: Any) -> StackReader:
    return lambda most: [Frame(*one) for one in record.stack_trace(max_stacks=most or None)]


def _span(one: Any) -> Span:
    end = one.deallocated_before_snapshot
    return Span(one.allocated_before_snapshot, NEVER if end is None else end, one.n_bytes)
