"""What is mapped: heap and blocks, the stack, and pages of libraries by file."""

import os
from typing import cast

from harness.containers.container import Container, MemorySample
from harness.memory.mappings import PeakWatch, parse_smaps

SMAPS = """\
55d000000000-55d000001000 r-xp 00000000 08:01 12 /usr/bin/python3.11
Rss:                 100 kB
Anonymous:             0 kB
55d000100000-55d000200000 rw-p 00000000 00:00 0                          [heap]
Anonymous:          1000 kB
7f0000000000-7f0000100000 rw-p 00000000 00:00 0
Anonymous:           500 kB
7f0000200000-7f0000300000 rw-p 00001000 08:01 13 /venv/lib/a library.so
Anonymous:            40 kB
7f0000300000-7f0000310000 rw-p 00002000 08:01 13 /venv/lib/a library.so
Anonymous:             8 kB
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
Anonymous:            16 kB
AnonHugePages:         0 kB
"""


def test_anonymous_memory_is_told_by_what_it_is_mapped_as() -> None:
    """Mappings without a file count as allocated; a library's pages add up; a file without any is left out."""
    found = parse_smaps(SMAPS)
    assert found.allocated == 1500 * 1024
    assert found.stack == 16 * 1024
    assert found.libraries == {"/venv/lib/a library.so": 48 * 1024}
    assert found.total == 1564 * 1024


class _Scripted:
    """A container whose main process is this one, with samples from a list."""

    def __init__(self, *anon_bytes: int) -> None:
        self._anon_bytes = list(anon_bytes)
        self.pid: int | None = os.getpid()

    def sample(self) -> MemorySample:
        """The next sample."""
        return MemorySample(self._anon_bytes.pop(0), 0, 0, 0, 0, 0, 0.0)

    def pids(self) -> tuple[int, ...]:
        """This process, and one that is gone."""
        return os.getpid(), 2**22 + 1


def test_the_highest_look_stays() -> None:
    """A look is kept when more is held than at any before it, and the children's memory is counted apart."""
    container, times = _Scripted(10, 30, 20), iter((1.0, 2.0))
    watch = PeakWatch(lambda: next(times))
    for _ in range(3):
        watch(cast(Container, container))
    assert watch.best is not None
    assert (watch.best.t, watch.best.sample.anon_bytes) == (2.0, 30)
    assert watch.best.main.allocated > 2**20
    assert watch.best.children_anon_bytes == 0


def test_a_container_without_a_process_is_not_looked_at() -> None:
    """Before the start and after the end there is nothing to see."""
    container = _Scripted(10)
    container.pid = None
    watch = PeakWatch(lambda: 1.0)
    watch(cast(Container, container))
    assert watch.best is None
