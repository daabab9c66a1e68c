"""Reads the memory of the same few processes again and again, cheaply."""

import os
from collections.abc import Iterable

from harness.containers.processes import ProcessMemory, parse_memory


class MemoryReaders:
    """Keeps /proc/PID/status open: opening costs most of a reading, and an open one is never another process's."""

    def __init__(self) -> None:
        self._descriptors: dict[int, int] = {}

    def read(self, pids: Iterable[int]) -> dict[int, ProcessMemory]:
        """The memory of those of `pids` that live; what is not among them any more is let go."""
        wanted = frozenset(pids)
        for pid in self._descriptors.keys() - wanted:
            os.close(self._descriptors.pop(pid))
        found = {pid: self._read_one(pid) for pid in wanted}
        return {pid: memory for pid, memory in found.items() if memory is not None}

    def close(self) -> None:
        """Let go of all; may be called again."""
        self.read(())

    def _read_one(self, pid: int) -> ProcessMemory | None:
        try:
            if pid not in self._descriptors:
                self._descriptors[pid] = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
            return parse_memory(os.pread(self._descriptors[pid], 8192, 0))
        except OSError:
            if pid in self._descriptors:
                os.close(self._descriptors.pop(pid))
            return None
