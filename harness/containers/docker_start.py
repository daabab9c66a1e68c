"""One start of a container: its main process, the eye on its group, and the threads that follow it to its end."""

import contextlib
import os
import select
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.containers.docker_engine import Engine, close_stream
from harness.containers.docker_sampler import SamplerContainer
from harness.containers.guard import Guard
from harness.containers.hierarchy import read_value
from harness.containers.look import NOTHING, Eye, GroupEye, Look, group_of
from harness.errors import BackendError

_ENDS_WITHIN_S = 30.0
_JOIN_S = 5.0


@dataclass(slots=True)
class Parts:
    """What a container was made of; the sampler is made once it is found to be needed."""

    engine: Engine
    name: str
    container_id: str
    sampler: SamplerContainer | None
    guard: Guard
    notes: tuple[str, ...]


class DockerStart:
    """From the engine's `start` to the exit of the main process; its looks may come from any thread."""

    def __init__(self, parts: Parts, log_path: Path) -> None:
        api = parts.engine.client.api
        self._parts = parts
        self._lock = threading.Lock()
        self._ended = threading.Event()
        # Attached before the start: nothing that the target says is missed.
        output = api.attach_socket(parts.container_id, {"stdout": 1, "stderr": 1, "stream": 1})
        try:
            api.start(parts.container_id)
        except BaseException:
            close_stream(output)
            raise
        self.engine_pid = int(api.inspect_container(parts.container_id)["State"]["Pid"])
        """As the engine's machine counts; 0 where it ended at once."""
        self.pid = self.engine_pid if _is_ours(self.engine_pid, parts) else None
        """The same, where that machine is this one."""
        self._descriptor = _watch_end(self.pid)
        self._eye = _eye(self.engine_pid, self.pid, parts)
        self._last = NOTHING
        self._threads = [
            _begin(f"log of {parts.name}", lambda: _copy(output, log_path)),
            _begin(f"end of {parts.name}", self._follow),
        ]

    @property
    def eye(self) -> Eye | None:
        """What looks at its group; None for a process that had ended before it could be found."""
        return self._eye

    def look(self) -> Look:
        """What its group holds; once it has ended, what was seen last."""
        return self._see(lambda eye: eye.look())

    def look_at_all(self) -> Look:
        """The same, and its processes now."""
        return self._see(lambda eye: eye.look_at_all())

    def is_over(self) -> bool:
        """Whether the main process has ended, though the engine may not know it yet."""
        if self._ended.is_set() or self._descriptor is None:
            return self._ended.is_set()
        return bool(select.select([self._descriptor], [], [], 0)[0])

    def wait_until_told(self) -> None:
        """Wait until the engine knows of the end too, and the log is complete."""
        if not self._ended.wait(_ENDS_WITHIN_S):
            raise BackendError(f"the engine does not tell of the end of {self._parts.name} in {_ENDS_WITHIN_S:.0f} s")

    def close(self) -> None:
        """Let go of everything, once the container has ended or was removed."""
        for thread in self._threads:
            thread.join(_JOIN_S)
        if self._eye is not None:
            self._eye.close()
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _see(self, look: Callable[[Eye], Look]) -> Look:
        with self._lock:
            if self._eye is not None and not self._ended.is_set():
                self._last = look(self._eye)
            return self._last

    def _follow(self) -> None:
        """Look once more when the main process ends: soon afterwards the engine removes the group."""
        if self._descriptor is not None:
            select.select([self._descriptor], [], [])
        # Target and sampler may be removed while they are asked: then the target has ended as well.
        with contextlib.suppress(BackendError, OSError):
            self.look_at_all()
        with contextlib.suppress(Exception):
            self._parts.engine.client.api.wait(self._parts.container_id, timeout=None)
        if self._parts.sampler is not None:
            with contextlib.suppress(BackendError, OSError):
                self.look()
        self._threads[0].join(_JOIN_S)
        self._ended.set()


def _is_ours(pid: int, parts: Parts) -> bool:
    """Whether a pid of the engine is one of this process's own machine and pid namespace."""
    return parts.engine.local and parts.container_id in read_value(Path(f"/proc/{pid}/cgroup"))


def _watch_end(pid: int | None) -> int | None:
    if pid is None:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _eye(engine_pid: int, pid: int | None, parts: Parts) -> Eye | None:
    if engine_pid == 0:
        return None
    group = group_of(pid) if pid is not None and parts.sampler is None else None
    if group is not None:
        return GroupEye(group)
    if parts.sampler is None:
        parts.sampler = SamplerContainer(parts.engine, parts.name)
    return parts.sampler.watch(engine_pid)


def _begin(name: str, work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


def _copy(output: Any, log_path: Path) -> None:
    """Append what the target says to its log, until it ends."""
    from docker.utils.socket import frames_iter

    try:
        with log_path.open("ab") as log, contextlib.suppress(OSError):
            for _, piece in frames_iter(output, tty=False):
                log.write(piece)
                log.flush()
    finally:
        close_stream(output)
