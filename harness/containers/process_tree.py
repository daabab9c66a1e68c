"""The processes that descend from a main process, found in /proc."""

import contextlib
import os
import signal
import time
from collections.abc import Callable

from harness.containers.processes import ProcessState, all_pids, children, read_state
from harness.errors import BackendError

_KILL_DEADLINE_S = 10.0


class ProcessTree:
    """A main process and what it started, known by pid and start time, so that a reused pid is never taken for one.

    A process stays in it when its parent ends. One whose parent ended before it was seen is found by its session.
    """

    def __init__(self, main: ProcessState, remember: Callable[[ProcessState], None]) -> None:
        self._session = main.pid
        self._remember = remember
        self._known: dict[int, ProcessState] = {}
        self._finished_cpu_s = 0.0
        self._add(main)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes known at the last refresh."""
        return tuple(self._known)

    @property
    def cpu_s(self) -> float:
        """CPU time of all of them, those that ended as last seen."""
        return self._finished_cpu_s + sum(one.cpu_s for one in self._known.values())

    def refresh(self) -> None:
        """Forget the dead and find new descendants of the living."""
        for pid, known in list(self._known.items()):
            state = read_state(pid)
            if state is None or state.start_ticks != known.start_ticks:
                self._finished_cpu_s += self._known.pop(pid).cpu_s
            else:
                self._known[pid] = state
        pending = list(self._known)
        while pending:
            pending.extend(child for child in children(pending.pop()) if child not in self._known and self._find(child))

    def find_orphans(self) -> None:
        """Find processes of the main process's session by looking at every process there is."""
        for pid in all_pids():
            if pid not in self._known:
                state = read_state(pid)
                if state is not None and state.session == self._session:
                    self._add(state)

    def kill(self, pid: int) -> bool:
        """SIGKILL one of them; whether it was still there."""
        known, state = self._known.get(pid), read_state(pid)
        if known is None or state is None or state.start_ticks != known.start_ticks:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True

    def kill_all(self) -> None:
        """SIGKILL all of them and wait until they are gone; BackendError when they do not die."""
        deadline = time.monotonic() + _KILL_DEADLINE_S
        while True:
            self.refresh()
            self.find_orphans()
            alive = [pid for pid in self.pids if self.kill(pid)]
            if not alive:
                return
            if time.monotonic() > deadline:
                raise BackendError(f"processes {alive} do not die within {_KILL_DEADLINE_S:.0f} s")
            time.sleep(0.002)

    def _find(self, pid: int) -> bool:
        state = read_state(pid)
        if state is not None:
            self._add(state)
        return state is not None

    def _add(self, state: ProcessState) -> None:
        self._known[state.pid] = state
        self._remember(state)
