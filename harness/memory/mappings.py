"""What a process's anonymous memory is mapped as: heap, blocks from the kernel, stack, pages of libraries."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.containers.container import Container, MemorySample
from harness.containers.processes import read_memory

_HEADER = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Mapped:
    """Anonymous memory of one process, in bytes."""

    allocated: int = 0
    """malloc's heap, and what was mapped without a file: large blocks, Python's arenas, stacks of threads."""
    stack: int = 0
    """Of the main thread."""
    libraries: Mapping[str, int] = field(default_factory=dict)
    """Pages of libraries that were written to when they were loaded, by file."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.allocated + self.stack + sum(self.libraries.values())


@dataclass(frozen=True, slots=True)
class Look:
    """The container when its unreclaimable memory was the highest that was looked at."""

    t: float
    sample: MemorySample
    main: Mapped
    children_anon_bytes: int


def parse_smaps(text: str) -> Mapped:
    """Anonymous memory from the text of /proc/PID/smaps."""
    allocated, stack, libraries = 0, 0, Counter[str]()
    for path, anonymous in _areas(text):
        if path.startswith("/"):
            libraries[path] += anonymous
        elif path.startswith("[stack"):
            stack += anonymous
        else:
            allocated += anonymous
    return Mapped(allocated, stack, {path: count for path, count in libraries.items() if count})


def _areas(text: str) -> Iterator[tuple[str, int]]:
    path = ""
    for line in text.splitlines():
        if line.startswith("Anonymous:"):
            yield path, int(line.split()[1]) * 1024
        elif found := _HEADER.match(line):
            path = found[1]


class PeakWatch:
    """Looks at the mappings whenever the container holds more than at any look before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._best: Look | None = None

    @property
    def best(self) -> Look | None:
        """The look with the most unreclaimable memory; None when there was none."""
        return self._best

    def __call__(self, container: Container) -> None:
        """Look, if it is worth it."""
        sample, main = container.sample(), container.pid
        if main is None or (self._best and sample.unreclaimable_bytes <= self._best.sample.unreclaimable_bytes):
            return
        text = _read_smaps(main)
        if text:  # a process that has just ended has no mappings any more
            self._best = Look(self._clock(), sample, parse_smaps(text), _anon(set(container.pids()) - {main}))


def _anon(pids: set[int]) -> int:
    found = (read_memory(pid) for pid in pids)
    return sum(one.anon_bytes for one in found if one)


def _read_smaps(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
