"""The `cgroup` backend: the kernel enforces the limit in a group of our own, of version 2 or 1."""

import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.containers import cgroup_v1, cgroup_v2
from harness.containers.container import Availability, Container, Counters, Exit, Inside, Launch, MemorySample
from harness.containers.group import Group
from harness.containers.guard import Guard, guard_groups
from harness.containers.hierarchy import read_hierarchies
from harness.containers.kernel_log import KernelLog
from harness.containers.launcher import launch_process
from harness.containers.look import GroupEye, Look
from harness.containers.observed import Observed
from harness.containers.owner import new_name
from harness.containers.processes import signal_name
from harness.errors import BackendError


class CgroupBackend:
    """Groups below this process's own, by whichever version has the memory controller."""

    name = "cgroup"
    simulated = False
    needs_image = False

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
                group: Group = cgroup_v2.make_group(place, new_name(), launch)
            case _:
                group = cgroup_v1.make_group(place, new_name(), launch.limit_bytes, launch.cpus)
        joined = [one / "cgroup.procs" for one in group.directories]
        try:
            return CgroupContainer(
                launch, group, guard_groups(group.directories), lambda: launch_process(launch, joined)
            )
        except BaseException:
            group.remove()
            raise

    def inside(self, launch: Launch) -> Inside | None:  # noqa: ARG002  (an image would tell)
        """The target runs on what this machine has."""
        return None

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

    def __init__(
        self, launch: Launch, group: Group, guard: Guard, begin: Callable[[], subprocess.Popen[bytes]]
    ) -> None:
        self._lock = threading.RLock()
        self._launch = launch
        self._group = group
        self._guard = guard
        self._begin = begin
        self._eye = GroupEye(group)
        self._log = KernelLog()
        self._observed = Observed(launch.command, group.directories[0].name, self._log.read)
        self._process: subprocess.Popen[bytes] | None = None
        self._exit: Exit | None = None
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
            self._process = self._begin()
            self._observed.started(self._process.pid, self._kills_before)

    def poll(self) -> Exit | None:
        """How the main process ended; the first call that sees it kills what it left in the group."""
        with self._lock:
            if self._process is None or self._exit is not None:
                return self._exit
            status = self._process.poll()
            if status is not None:
                self._take(self._eye.look_at_all())
                self._group.kill()
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
            if self._closed:
                raise BackendError("the container is closed")
            look = self._eye.look()
            if look.fresh:
                self._take(look)
            return look.sample

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
        self._eye.close()
        self._log.close()

    def _take(self, look: Look) -> None:
        if self._observed.take(look, self.pid) and self._launch.oom_group:
            self._group.kill()

    def _read_counters(self) -> Counters:
        look = self._eye.look_at_all()
        self._take(look)
        killed, rss_bytes = self._observed.killed, self._observed.rss_peak_bytes
        return Counters(look.peak_bytes, rss_bytes, look.oom_kills, killed, look.sample.cpu_s)

    def _read_exit(self, pid: int, status: int) -> Exit:
        killed = self._observed.killed
        if status >= 0:
            return Exit(status, None, oom_killed=False, killed=killed)
        together = self._launch.oom_group and self._group.oom_kills() > self._kills_before
        oom_killed = status == -signal.SIGKILL and (together or self._observed.took(pid))
        return Exit(None, signal_name(-status), oom_killed, killed)
