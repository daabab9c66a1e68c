"""One process of the target under crashes: its container, started and ended again and again, and its peaks."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness.client import Client, connect, is_ready
from harness.containers.container import Backend, Container, Exit, wait_for_exit
from harness.crash.evidence import Start
from harness.errors import TargetError
from harness.scenario import Scenario
from harness.service import Addresses, launch_at

_DIES_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.025
_CALL_TIMEOUT_S = 15.0


@dataclass(slots=True)
class _Current:
    """The start that runs now."""

    t: float = 0.0
    ready_t: float = 0.0
    peak_bytes: int = 0


class Instance:
    """Used by the cycle's own thread; `client` may be used by any."""

    def __init__(self, number: int, container: Container, client: Client, temporary_dir: Path, log_path: Path) -> None:
        self.number, self.container, self.client = number, container, client
        self.temporary_dir, self.log_path = temporary_dir, log_path
        self._current = _Current()
        self._starts: list[Start] = []

    @property
    def starts(self) -> tuple[Start, ...]:
        """Every start that has ended, with its peak."""
        return tuple(self._starts)

    @property
    def started_t(self) -> float:
        """When the process that runs now was started."""
        return self._current.t

    @property
    def ready_t(self) -> float:
        """When it was first ready; 0 while it is not."""
        return self._current.ready_t

    def start(self, timeout_s: float, given_up: Callable[[], bool]) -> bool:
        """Start it and wait until it is ready: False when `given_up`; TargetError when it ends or takes too long."""
        self._current = _Current(time.time())
        self.container.start()
        deadline_s = time.monotonic() + timeout_s
        while not given_up():
            if is_ready(self.client):
                self._current.ready_t = time.time()
                self.sample()
                return True
            ended = self.container.poll()
            if ended is not None:
                self.ended()
                raise TargetError(f"the target ended at its start: {_how(ended)}; see {self.log_path}")
            if time.monotonic() > deadline_s:
                raise TargetError(f"the target was not ready within {timeout_s:.0f} s; see {self.log_path}")
            time.sleep(_LOOK_EVERY_S)
        return False

    def sample(self) -> None:
        """Look at its memory; the highest is the start's peak."""
        if self.container.pid is not None:
            found = self.container.sample().unreclaimable_bytes
            self._current.peak_bytes = max(self._current.peak_bytes, found)

    def kill(self) -> None:
        """SIGKILL, and wait until nothing of it is left."""
        self.sample()
        self.container.signal(signal.SIGKILL)
        self.wait(_DIES_WITHIN_S)

    def wait(self, timeout_s: float) -> Exit | None:
        """Wait until it has ended; None when it has not in time."""
        ended = wait_for_exit(self.container, timeout_s)
        if ended is not None:
            self.ended()
        return ended

    def ended(self) -> None:
        """Note down the end of the start that ran."""
        one = self._current
        if one.t:
            self._starts.append(Start(one.t, one.ready_t, self.number, one.peak_bytes))
            self._current = _Current()

    @property
    def children(self) -> tuple[int, ...]:
        """Its processes beside the main one."""
        return tuple(pid for pid in self.container.pids() if pid != self.container.pid)


@contextlib.contextmanager
def open_instance(
    scenario: Scenario, backend: Backend, addresses: Addresses, cycle_dir: Path, number: int
) -> Iterator[Instance]:
    """A container for one instance of the target, not started yet; nothing of it is left afterwards."""
    temporary_dir = cycle_dir / "tmp" / str(number)
    temporary_dir.mkdir(parents=True)
    launch = launch_at(scenario, addresses, cycle_dir)
    launch = replace(
        launch,
        env={**launch.env, "TMPDIR": str(temporary_dir)},
        log_path=cycle_dir / f"target-{number}.log",
    )
    container = backend.create(launch)
    client = connect(f"http://127.0.0.1:{addresses.port}", scenario.target.http, _CALL_TIMEOUT_S)
    try:
        yield Instance(number, container, client, temporary_dir, launch.log_path)
    finally:
        # A stopped process dies of SIGKILL too, and a container is closed by one.
        container.close()
        client.http.close()


def left_files(temporary_dir: Path) -> tuple[str, ...]:
    """What lies in a target's own folder for temporary files."""
    return tuple(sorted(os.path.relpath(path, temporary_dir) for path in temporary_dir.rglob("*")))


def _how(ended: Exit) -> str:
    return ended.signal or f"status {ended.code}"
