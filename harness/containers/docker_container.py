"""One target in a container of the Docker Engine, which may be started again and again."""

import contextlib
import signal
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.containers.container import Counters, Exit, Launch, MemorySample
from harness.containers.docker_engine import remove_named
from harness.containers.docker_start import DockerStart, Parts
from harness.containers.kernel_log import KernelLog
from harness.containers.look import NOTHING, Look
from harness.containers.observed import Observed
from harness.containers.processes import signal_name
from harness.errors import BackendError

_OOM_TOLD_WITHIN_S = 0.5
_OOM_LOOK_EVERY_S = 0.02
_KILLED = 128 + signal.SIGKILL
# A process that ends by one of these was not sent it: they are its own faults.
_FAULTS = (signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV)
_UNKNOWN = {
    "unreclaimable_bytes": "largest sample of the container's group",
    "cgroup_bytes": "the group's own high-water mark, as last read before the exit",
    "rss_bytes": "the kernel's own high-water mark (VmHWM), as last read before the exit",
}


@dataclass(frozen=True, slots=True)
class _Past:
    """What the starts that are over have counted."""

    oom_kills: int = 0
    cpu_s: float = 0.0
    kernel_peak_bytes: int | None = None
    rss_peak_bytes: int = 0
    killed: tuple[str, ...] = ()


class DockerContainer:
    """The engine removes a container's group when its process ends, so what it counted is kept here."""

    def __init__(self, launch: Launch, parts: Parts) -> None:
        self._lock = threading.RLock()
        self._launch = launch
        self._parts = parts
        self._log = KernelLog()
        self._past = _Past()
        self._start: DockerStart | None = None
        self._observed = self._observe()
        self._exit: Exit | None = None
        self._sent: set[int] = set()
        self._provenance: Mapping[str, str] = _UNKNOWN
        self._closed = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the launch could not be enforced."""
        return self._parts.notes

    @property
    def provenance(self) -> Mapping[str, str]:
        """Whose figure each peak is."""
        return self._provenance

    @property
    def pid(self) -> int | None:
        """The main process while it runs, where it is a process of this machine."""
        return self._start.pid if self._start is not None and self._exit is None else None

    def start(self) -> None:
        """Start the target; sampling goes on meanwhile."""
        if self._closed or (self._start is not None and self._exit is None):
            raise BackendError(f"{self._launch.name} cannot be started: it runs, or its container is closed")
        started = self._begin()
        with self._lock:
            self._exit, self._observed = None, self._observe()
            self._sent.clear()
            self._start = started
            self._provenance = started.eye.provenance if started.eye is not None else self._provenance
            self._take(started.look_at_all())

    def poll(self) -> Exit | None:
        """How the main process ended; the kernel ends whatever it left with it."""
        start = self._start
        if start is None or self._exit is not None or not start.is_over():
            return self._exit
        start.wait_until_told()
        with self._lock:
            if self._exit is None:
                self._exit = self._finish(start)
            return self._exit

    def signal(self, number: int) -> None:
        """Send a signal to the main process."""
        import docker.errors

        if self._start is None or self._exit is not None:
            return
        self._sent.add(number)
        with contextlib.suppress(docker.errors.APIError):  # it has ended meanwhile
            self._parts.engine.client.api.kill(self._parts.container_id, number)

    def pids(self) -> tuple[int, ...]:
        """The living processes, where they are processes of this machine."""
        with self._lock:
            if self._start is None or self._exit is not None or self._start.pid is None:
                return ()
            return tuple(self._start.look_at_all().commands)

    def sample(self) -> MemorySample:
        """Measure the group now; nothing while the target does not run."""
        with self._lock:
            look = NOTHING
            if self._start is not None and self._exit is None:
                look = self._start.look()
                self._take(look)
            return replace(look.sample, cpu_s=look.sample.cpu_s + self._past.cpu_s)

    def counters(self) -> Counters:
        """What all starts have counted."""
        with self._lock:
            total = self._so_far()
        return Counters(total.kernel_peak_bytes, total.rss_peak_bytes, total.oom_kills, total.killed, total.cpu_s)

    def set_limit(self, limit_bytes: int) -> None:
        """Change the memory limit, that with swap too; on v1 the kernel refuses one below what is in use."""
        import docker.errors

        try:
            self._parts.engine.client.api.update_container(
                self._parts.container_id, mem_limit=limit_bytes, memswap_limit=limit_bytes
            )
        except docker.errors.APIError as error:
            raise BackendError(f"{self._launch.name}: the engine refused the limit: {error.explanation}") from None

    def close(self) -> None:
        """Kill and remove the container, and the sampler's."""
        if self._closed:
            return
        with contextlib.suppress(BackendError):
            self.poll()
        with self._lock:
            self._past, self._closed = self._so_far(), True
            self._exit = self._exit or Exit(None, "SIGKILL", oom_killed=False, killed=self._past.killed)
        try:
            remove_named(self._parts.engine.client, self._parts.name)
        finally:
            self._let_go()

    def _begin(self) -> DockerStart:
        import docker.errors

        if self._start is not None:
            self._start.close()
        try:
            return DockerStart(self._parts, self._launch.log_path)
        except docker.errors.APIError as error:
            raise BackendError(f"{self._launch.name} could not be started: {error.explanation}") from None

    def _observe(self) -> Observed:
        command = self._launch.image.command if self._launch.image and self._launch.image.command else ("its image",)
        return Observed(command, self._parts.container_id, self._log.read if self._parts.engine.local else str)

    def _take(self, look: Look) -> None:
        if look.fresh and self._start is not None:
            killed = self._observed.take(look, self._start.engine_pid)
            if killed and self._launch.oom_group:
                self.signal(signal.SIGKILL)

    def _so_far(self) -> _Past:
        if self._start is None or self._exit is not None:
            return self._past
        look = self._start.look_at_all()
        self._take(look)
        return self._with(look, look.oom_kills)

    def _with(self, look: Look, oom_kills: int) -> _Past:
        """The past with one more start in it."""
        past, observed = self._past, self._observed
        peaks = [one for one in (past.kernel_peak_bytes, look.peak_bytes) if one is not None]
        return _Past(
            past.oom_kills + oom_kills,
            past.cpu_s + look.sample.cpu_s,
            max(peaks, default=None),
            max(past.rss_peak_bytes, observed.rss_peak_bytes),
            past.killed + observed.killed,
        )

    def _finish(self, start: DockerStart) -> Exit:
        """Add up what the start counted, and work out how it ended."""
        last, state = start.look(), self._final_state(start.look().oom_kills)
        oom_kills = max(last.oom_kills, int(state["OOMKilled"]))
        code, main = int(state["ExitCode"]), start.engine_pid
        self._observed.take(replace(last, oom_kills=oom_kills), main)
        # Whoever is not there any more is taken for killed, as far as the count goes: not one that ended by itself.
        left = {} if code == _KILLED else {main: last.commands.get(main, "")}
        self._observed.take(replace(last, oom_kills=oom_kills, commands=left, memory={}), main)
        self._past = self._with(last, oom_kills)
        return read_exit(code, self._sent, self._past.killed, oom_killed=self._observed.took(main))

    def _final_state(self, seen_kills: int) -> Mapping[str, Any]:
        """The engine's own account; that of a kill for memory may come a moment after that of the end."""
        deadline_s = time.monotonic() + _OOM_TOLD_WITHIN_S
        while True:
            state: Mapping[str, Any] = self._parts.engine.client.api.inspect_container(self._parts.container_id)[
                "State"
            ]
            expected = state["ExitCode"] == _KILLED and not (seen_kills or signal.SIGKILL in self._sent)
            if state["OOMKilled"] or not expected or time.monotonic() > deadline_s:
                return state
            time.sleep(_OOM_LOOK_EVERY_S)

    def _let_go(self) -> None:
        self._parts.guard.release()
        if self._start is not None:
            self._start.close()
        if self._parts.sampler is not None:
            self._parts.sampler.close()
        self._log.close()
        self._parts.engine.close()


def read_exit(code: int, sent: Collection[int], killed: tuple[str, ...], *, oom_killed: bool) -> Exit:
    """How a process ended by the engine's status, which is 128 and the signal where it died of one.

    A status above 128 may also be the process's own: it is taken for a signal where somebody is known to have sent it.
    """
    number = code - 128
    if code == _KILLED and oom_killed:
        return Exit(None, "SIGKILL", oom_killed=True, killed=killed)
    if number in sent or number in _FAULTS:
        return Exit(None, signal_name(number), oom_killed=False, killed=killed)
    return Exit(code, None, oom_killed=False, killed=killed)
