"""The `cgroup` backend: the kernel enforces the limit in a group of our own, of version 2 or 1."""

import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from harness.containers import cgroup_v1, cgroup_v2
from harness.containers.container import Availability, Container, Counters, Exit, Launch, MemorySample
from harness.containers.group import Group, kill_group
from harness.containers.guard import guard_groups
from harness.containers.hierarchy import read_hierarchies
from harness.containers.kernel_log import KernelLog
from harness.containers.launcher import launch_process
from harness.containers.memory_readers import MemoryReaders
from harness.containers.owner import new_name
from harness.containers.processes import ProcessMemory, command_text, read_command, signal_name
from harness.containers.victims import Victims
from harness.errors import BackendError

# How often the list of processes, VmHWM and the count of OOM kills are read while sampling.
_OBSERVE_INTERVAL_S = 0.08


class CgroupBackend:
    """Groups below this process's own, by whichever version has the memory controller."""

    name = "cgroup"
    simulated = False

    def availability(self) -> Availability:
        """Whether a group with a memory limit can be made, and of which version."""
        place = _find_place()
        match place:
            case Availability():
                return place
            case Path():
                return Availability(
                    available=True, reason=f"cgroup v2, groups are made below {place}", cgroup_version=2
                )
            case _:
                return Availability(
                    available=True, reason=f"cgroup v1, groups are made below {place.memory}", cgroup_version=1
                )

    def create(self, launch: Launch) -> Container:
        """A group for `launch`."""
        place = _find_place()
        match place:
            case Availability():
                raise BackendError(f"the cgroup backend is not available: {place.reason}; {place.remedy}")
            case Path():
                group: Group = cgroup_v2.make_group(place, new_name(), launch.limit_bytes, launch.cpus)
            case _:
                group = cgroup_v1.make_group(place, new_name(), launch.limit_bytes, launch.cpus)
        try:
            return CgroupContainer(launch, group)
        except BaseException:
            group.remove()
            raise

    def sweep_stale(self) -> int:
        """Kill and remove the groups of harnesses that are gone."""
        hierarchies = read_hierarchies()
        return cgroup_v2.sweep(hierarchies) + cgroup_v1.sweep(hierarchies)


def _find_place() -> Path | cgroup_v1.Place | Availability:
    hierarchies = read_hierarchies()
    newer, older = cgroup_v2.find_place(hierarchies), cgroup_v1.find_place(hierarchies)
    if not isinstance(newer, Availability):
        return newer
    if not isinstance(older, Availability):
        return older
    remedy = newer.remedy or older.remedy or "boot with a memory cgroup controller, or use `--backend watchdog`"
    return Availability(available=False, reason=f"{newer.reason}; {older.reason}", remedy=remedy)


class CgroupContainer:
    """A target in a group; the group outlives each of its processes, so the counters go on."""

    def __init__(self, launch: Launch, group: Group) -> None:
        self._lock = threading.RLock()
        self._launch = launch
        self._group = group
        self._guard = guard_groups(group.directories)
        self._log = KernelLog()
        self._victims = Victims(f"/{group.directories[0].name}")
        self._process: subprocess.Popen[bytes] | None = None
        self._exit: Exit | None = None
        self._names: dict[int, str] = {}
        self._readers = MemoryReaders()
        self._memory: dict[int, ProcessMemory] = {}
        self._observed_s = 0.0
        self._rss_peak_bytes = 0
        self._kills_before = 0
        self._closed: Counters | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the launch could not be enforced."""
        return self._group.notes

    @property
    def provenance(self) -> Mapping[str, str]:
        """Whose figure each peak is."""
        return self._group.provenance

    @property
    def pid(self) -> int | None:
        """The main process while it runs."""
        return self._process.pid if self._process is not None and self._exit is None else None

    def start(self) -> None:
        """Start the target in the group."""
        with self._lock:
            if self._closed is not None or self.pid is not None:
                raise BackendError(f"{self._launch.name} cannot be started: it runs, or its container is closed")
            self._exit = None
            self._kills_before = self._group.oom_kills()
            self._process = launch_process(self._launch, [one / "cgroup.procs" for one in self._group.directories])
            self._names = {self._process.pid: self._name(self._process.pid)}
            self._victims.observe(self._names, self._kills_before, "")

    def poll(self) -> Exit | None:
        """How the main process ended; the first call that sees it kills what it left in the group."""
        with self._lock:
            if self._process is None or self._exit is not None:
                return self._exit
            status = self._process.poll()
            if status is not None:
                self._observe()
                kill_group(self._group.directories[0])
                self._exit = self._read_exit(self._process.pid, status)
            return self._exit

    def signal(self, number: int) -> None:
        """Send a signal to the main process."""
        with self._lock:
            if self.pid is not None and self._process is not None:
                self._process.send_signal(number)

    def pids(self) -> tuple[int, ...]:
        """The living processes in the group."""
        with self._lock:
            return () if self._closed else self._group.pids()

    def sample(self) -> MemorySample:
        """Measure the group now; its processes are looked at less often, since that costs several times as much."""
        with self._lock:
            if time.monotonic() - self._observed_s >= _OBSERVE_INTERVAL_S:
                self._observe()
            return self._group.read(self._memory.values())

    def counters(self) -> Counters:
        """What the group has counted."""
        with self._lock:
            return self._closed or self._read_counters()

    def set_limit(self, limit_bytes: int) -> None:
        """Change the memory limit; on v1 the kernel refuses one below what is in use."""
        with self._lock:
            self._group.set_limit(limit_bytes)

    def close(self) -> None:
        """Kill everything in the group and remove it."""
        with self._lock:
            try:
                self._closed = self._closed or self._read_counters()
            finally:
                self._remove()

    def _remove(self) -> None:
        self._group.remove()
        if self._process is not None:
            self._process.wait()
        self._guard.release()
        self._readers.close()
        self._log.close()

    def _observe(self) -> None:
        self._observed_s = time.monotonic()
        pids, kills = self._group.pids(), self._group.oom_kills()
        self._names = {pid: self._name(pid) for pid in pids}
        unexplained = self._victims.unexplained(kills)
        self._victims.observe(self._names, kills, self._log.read() if unexplained else "")
        if unexplained and self._launch.oom_group:
            kill_group(self._group.directories[0])
        self._memory = self._readers.read(pids)
        if self.pid in self._memory:
            self._rss_peak_bytes = max(self._rss_peak_bytes, self._memory[self.pid].peak_rss_bytes)

    def _name(self, pid: int) -> str:
        main = command_text(self._launch.command)
        if pid == self.pid:
            return f"main ({main})"
        known = self._names.get(pid, "")
        # A child that was just forked still has its parent's command line: read it until it differs.
        if known and known != f"child {main}":
            return known
        return f"child {read_command(pid)}"

    def _read_counters(self) -> Counters:
        self._observe()
        kills, cpu_s = self._group.oom_kills(), self._group.read(()).cpu_s
        return Counters(self._group.peak_bytes(), self._rss_peak_bytes, kills, self._victims.names, cpu_s)

    def _read_exit(self, pid: int, status: int) -> Exit:
        killed = self._victims.names
        if status >= 0:
            return Exit(status, None, oom_killed=False, killed=killed)
        together = self._launch.oom_group and self._group.oom_kills() > self._kills_before
        oom_killed = status == -signal.SIGKILL and (together or self._victims.took(pid))
        return Exit(None, signal_name(-status), oom_killed, killed)
