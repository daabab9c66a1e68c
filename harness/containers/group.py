"""One control group of either version: what a container needs of it."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from harness.containers.container import MemorySample
from harness.containers.hierarchy import group_pids, remove_directory
from harness.containers.processes import ProcessMemory
from harness.errors import BackendError

KILL_DEADLINE_S = 10.0


class Group(Protocol):
    """A group that exists, with its limits set."""

    @property
    def directories(self) -> tuple[Path, ...]:
        """Where it is, one directory a hierarchy; the first knows its memory."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be enforced."""

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its figures come from."""

    def pids(self) -> tuple[int, ...]:
        """The living processes in it."""

    def read(self, processes: Iterable[ProcessMemory]) -> MemorySample:
        """Its memory and CPU time now; `processes` are those in it."""

    def oom_kills(self) -> int:
        """How many of its processes the OOM killer took."""

    def peak_bytes(self) -> int | None:
        """Its own high-water mark."""

    def set_limit(self, limit_bytes: int) -> None:
        """Change the memory limit."""

    def kill(self) -> None:
        """Kill what is in it and wait until it is empty."""

    def remove(self) -> None:
        """Kill what is in it, remove it and let go of its files; may be called again."""

    def close(self) -> None:
        """Let go of its files, and leave the group as it is."""


class OpenFile:
    """A cgroup file that stays open, since it is read twenty times a second."""

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> bytes:
        """The whole text as it is now."""
        if self._descriptor is None:
            raise BackendError("the container is closed")
        return os.pread(self._descriptor, 65536, 0)

    def close(self) -> None:
        """Close it; may be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def parse_flat(text: bytes) -> dict[bytes, int]:
    """The `key value` lines of memory.stat, memory.events, memory.oom_control or cpu.stat."""
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


def kill_group(directory: Path) -> None:
    """Kill everything in a group and wait until it is empty; BackendError when it does not die."""

    def emptied() -> bool:
        try:
            pids = group_pids(directory)
        except OSError:
            return True
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    _until(emptied, f"the processes in {directory} do not die")


def remove_group(directory: Path) -> None:
    """Kill everything in a group and remove it; nothing happens where it is gone."""
    kill_group(directory)

    def removed() -> bool:
        try:
            remove_directory(directory)
        except OSError:
            return False  # a dying process is still leaving it
        return True

    _until(removed, f"{directory} cannot be removed")


def make_directory(directory: Path, prepare: Callable[[Path], None]) -> None:
    """Make a group below the harness's own, which `prepare` readies when it is new or another harness removed it."""
    for last in (False, False, True):
        try:
            directory.parent.mkdir(exist_ok=True)
            prepare(directory.parent)
            directory.mkdir()
        except FileNotFoundError as error:
            if last:
                raise BackendError(f"{directory} cannot be made: {error.strerror}") from None
        except OSError as error:
            raise BackendError(f"{directory} cannot be made: {error.strerror}") from None
        else:
            return


def _until(done: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + KILL_DEADLINE_S
    while not done():
        if time.monotonic() > deadline:
            raise BackendError(f"{complaint} within {KILL_DEADLINE_S:.0f} s")
        time.sleep(0.002)
