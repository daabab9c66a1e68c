"""The `watchdog` backend: polls the memory of the target's processes and kills, where no control group is to be had."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from harness.containers.container import Availability, Container, Counters, Exit, Inside, Launch, MemorySample
from harness.containers.guard import guard_session
from harness.containers.launcher import launch_process
from harness.containers.memory_readers import MemoryReaders
from harness.containers.process_tree import ProcessTree
from harness.containers.processes import (
    ProcessMemory,
    command_text,
    oom_adjustment,
    proportional_bytes,
    read_command,
    read_memory,
    read_state,
    signal_name,
)
from harness.containers.watchdog_records import Record, sweep_records
from harness.errors import BackendError

POLL_INTERVAL_S = 0.01
_TICKS_A_REFRESH = 8
_TICKS_AN_ORPHAN_SEARCH = 50

_NOTHING = MemorySample(0, 0, 0, 0, 0, 0, 0.0)
_PROVENANCE = {
    "unreclaimable_bytes": "largest sample, simulated: RssAnon, RssShmem, page tables and what a process and a thread "
    "cost the kernel, summed over the processes; memory that they share counts in each",
    "cgroup_bytes": "not known without a control group",
    "rss_bytes": "the kernel's own high-water mark (VmHWM), as last read before the exit",
}


class WatchdogBackend:
    """Polls and kills; what it says is simulated."""

    name = "watchdog"
    simulated = True
    needs_image = False

    def availability(self) -> Availability:
        """Whether /proc tells the memory of processes by kind."""
        if read_memory(os.getpid()) is None:
            return Availability(
                available=False, reason="/proc does not tell the memory of a process", remedy="run halfgig on Linux"
            )
        return Availability(available=True, reason="polls /proc and kills; the limit is simulated")

    def create(self, launch: Launch) -> Container:
        """A container for `launch`."""
        return WatchdogContainer(launch)

    def inside(self, launch: Launch) -> Inside | None:  # noqa: ARG002  (an image would tell)
        """The target runs on what this machine has."""
        return None

    def sweep_stale(self) -> int:
        """Kill the processes of harnesses that are gone."""
        return sweep_records()


class WatchdogContainer:
    """A target whose process tree is polled by a thread."""

    def __init__(self, launch: Launch) -> None:
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._launch = launch
        self._limit_bytes = launch.limit_bytes
        self._record = Record()
        self._guard = guard_session()
        self._process: subprocess.Popen[bytes] | None = None
        self._tree: ProcessTree | None = None
        self._exit: Exit | None = None
        self._latest = _NOTHING
        self._victims: dict[int, str] = {}
        self._killed: tuple[str, ...] = ()
        self._readers = MemoryReaders()
        self._rss_peak_bytes = 0
        self._earlier_cpu_s = 0.0
        self._ticks = 0
        self._ticked_s = 0.0
        self._thread: threading.Thread | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the launch could not be enforced."""
        seen = "the limit is simulated: polled every 10 ms; files in tmpfs count only while a process maps them"
        if self._launch.cpus is None:
            return (seen,)
        return (seen, f"cpus = {self._launch.cpus} is not enforced: only a control group can share out CPU time")

    @property
    def provenance(self) -> Mapping[str, str]:
        """Whose figure each peak is."""
        return _PROVENANCE

    @property
    def pid(self) -> int | None:
        """The main process while it runs."""
        return self._process.pid if self._process is not None and self._exit is None else None

    def start(self) -> None:
        """Start the target and the thread that watches it."""
        with self._lock:
            if self._stop.is_set() or self.pid is not None:
                raise BackendError(f"{self._launch.name} cannot be started: it runs, or its container is closed")
            self._exit, self._victims = None, {}
            self._process = launch_process(self._launch, ())
            self._guard.watch(self._process.pid)
            state = read_state(self._process.pid)
            self._tree = ProcessTree(state, self._record.add) if state is not None else None
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name=f"watchdog {self._launch.name}", daemon=True)
                self._thread.start()

    def poll(self) -> Exit | None:
        """How the main process ended; the first call that sees it kills what it left."""
        with self._lock:
            if self._process is None or self._exit is not None:
                return self._exit
            # Seen, but not reaped yet: while it is a zombie its pid, which names its session, cannot be reused.
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                self._end_tree()
                self._exit = self._read_exit(self._process.pid, self._process.wait())
            return self._exit

    def signal(self, number: int) -> None:
        """Send a signal to the main process."""
        with self._lock:
            if self.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)

    def pids(self) -> tuple[int, ...]:
        """The living processes of the tree."""
        with self._lock:
            if self._tree is None:
                return ()
            self._tree.refresh()
            return self._tree.pids

    def sample(self) -> MemorySample:
        """Measure the tree now."""
        with self._lock:
            if self._tree is not None:
                self._tick(self._tree)
            return replace(self._latest, cpu_s=self._cpu_s())

    def counters(self) -> Counters:
        """What has been counted; the OOM kills are the watchdog's own."""
        with self._lock:
            return Counters(None, self._rss_peak_bytes, len(self._killed), self._killed, self._cpu_s())

    def set_limit(self, limit_bytes: int) -> None:
        """Change the limit."""
        with self._lock:
            self._limit_bytes = limit_bytes

    def close(self) -> None:
        """Stop watching and kill the tree."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._end_tree()
            if self._process is not None:
                self._process.wait()
            self._guard.release()
            self._readers.close()
            self._record.remove()

    def _watch(self) -> None:
        while not self._stop.wait(POLL_INTERVAL_S):
            with self._lock:
                recent = time.monotonic() - self._ticked_s < POLL_INTERVAL_S / 2  # a sample was just taken
                if self._tree is not None and not recent:
                    self._tick(self._tree)

    def _tick(self, tree: ProcessTree) -> None:
        self._ticked_s = time.monotonic()
        if self._ticks % _TICKS_A_REFRESH == 0:
            tree.refresh()
        if self._ticks % _TICKS_AN_ORPHAN_SEARCH == 0:
            tree.find_orphans()
        self._ticks += 1
        memory = self._readers.read(tree.pids)
        if self.pid in memory:
            self._rss_peak_bytes = max(self._rss_peak_bytes, memory[self.pid].peak_rss_bytes)
        self._latest = _add_up(memory)
        dying = any(pid in self._victims for pid in memory)
        if not dying and self._limit_bytes is not None and _unreclaimable(memory, self._latest) > self._limit_bytes:
            self._kill_one(tree, memory)

    def _kill_one(self, tree: ProcessTree, memory: Mapping[int, ProcessMemory]) -> None:
        limit_bytes = self._limit_bytes or 0
        victim = max(memory, key=lambda pid: _badness(memory[pid], oom_adjustment(pid), limit_bytes))
        main = command_text(self._launch.command)
        name = f"main ({main})" if victim == self.pid else f"child {read_command(victim)}"
        if tree.kill(victim):
            self._victims[victim] = name
            self._killed += (name,)
            if self._launch.oom_group:
                self._kill_together(tree)

    def _kill_together(self, tree: ProcessTree) -> None:
        for pid in tree.pids:
            tree.kill(pid)
            self._victims.setdefault(pid, "")

    def _end_tree(self) -> None:
        if self._tree is not None:
            self._tree.kill_all()
            self._earlier_cpu_s += self._tree.cpu_s
            self._guard.watch(None)
        self._tree, self._latest = None, _NOTHING

    def _cpu_s(self) -> float:
        return self._earlier_cpu_s + (self._tree.cpu_s if self._tree is not None else 0.0)

    def _read_exit(self, pid: int, status: int) -> Exit:
        if status >= 0:
            return Exit(status, None, oom_killed=False, killed=self._killed)
        oom_killed = status == -signal.SIGKILL and pid in self._victims
        return Exit(None, signal_name(-status), oom_killed, self._killed)


def _add_up(memory: Mapping[int, ProcessMemory]) -> MemorySample:
    anon, shmem, file, kernel = (
        sum(getattr(one, field) for one in memory.values())
        for field in ("anon_bytes", "shmem_bytes", "file_bytes", "kernel_bytes")
    )
    return MemorySample(anon, shmem, file, 0, kernel, anon + shmem + file + kernel, 0.0)


def _unreclaimable(memory: Mapping[int, ProcessMemory], sample: MemorySample) -> int:
    """What counts against the limit; the exact count of shared pages is only worth its cost with several processes."""
    if len(memory) < 2:
        return sample.unreclaimable_bytes
    return sample.kernel_bytes + sum(
        proportional_bytes(pid) or one.anon_bytes + one.shmem_bytes for pid, one in memory.items()
    )


def _badness(memory: ProcessMemory, adjustment: int, limit_bytes: int) -> float:
    """How the kernel chooses: memory, and thousandths of the limit as the process asked for."""
    return memory.anon_bytes + memory.shmem_bytes + memory.kernel_bytes + adjustment / 1000 * limit_bytes
