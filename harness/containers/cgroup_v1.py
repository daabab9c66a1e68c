"""Control groups of version 1: one hierarchy a controller, the memory limit with swap off.

Version 1 does not tell how much of a group's kernel memory is reclaimable: `memory.kmem.usage_in_bytes` includes cached
directory entries and inodes (93 MB after a walk over 61,000 files), `memory.stat` has no slab figures, and
`memory.kmem.slabinfo` is empty. So the unreclaimable part is worked out from its processes (page tables as counted,
stacks and structures as measured), and is never more than what the group was charged.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.containers.container import Availability, MemorySample
from harness.containers.group import OpenFile, kill_group, make_directory, parse_flat, remove_group
from harness.containers.hierarchy import Hierarchies, group_pids, read_value, stale_groups, write_value
from harness.containers.owner import PARENT
from harness.containers.processes import ProcessMemory
from harness.errors import BackendError

CPU_PERIOD_US = 100_000
# In the kernel's order. To parse all forty lines takes five times as long.
_STAT = re.compile(
    rb"\ntotal_cache (\d+)\ntotal_rss (\d+)\n.*?\ntotal_shmem (\d+)\n.*?\ntotal_inactive_file (\d+)\n", re.DOTALL
)

_PROVENANCE = {
    "unreclaimable_bytes": "largest sample: rss + shmem of memory.stat, and kernel memory worked out from page tables, "
    "threads and processes, at most memory.kmem.usage_in_bytes",
    "cgroup_bytes": "the kernel's own high-water mark (memory.max_usage_in_bytes)",
    "rss_bytes": "the kernel's own high-water mark (VmHWM), as last read before the exit",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A group's directory in each hierarchy that matters, None where it has none."""

    memory: Path
    cpu: Path | None
    cpuacct: Path | None

    @property
    def directories(self) -> tuple[Path, ...]:
        """All of them, memory first; hierarchies that are mounted together share one."""
        homes = (self.memory, self.cpu, self.cpuacct)
        return tuple(dict.fromkeys(one for one in homes if one is not None))

    def below(self, name: str) -> "Place":
        """The place of halfgig's own group `name` below this one."""
        homes = (None if one is None else one / PARENT / name for one in (self.cpu, self.cpuacct))
        return Place(self.memory / PARENT / name, *homes)


def find_place(hierarchies: Hierarchies) -> Place | Availability:
    """Where groups can be made, or why not."""
    memory = hierarchies.own_directory("memory")
    if memory is None:
        return Availability(available=False, reason="no cgroup v1 hierarchy with the memory controller is mounted")
    if not _writable(memory):
        return Availability(
            available=False, reason=f"{memory} is not writable for this user", remedy="run halfgig as root"
        )
    cpu, cpuacct = (hierarchies.own_directory(one) for one in ("cpu", "cpuacct"))
    return Place(memory, *(one if one is not None and _writable(one) else None for one in (cpu, cpuacct)))


def make_group(place: Place, name: str, limit_bytes: int | None, cpus: float | None) -> "GroupV1":
    """A new group with its limits set; nothing is left when the kernel refuses one."""
    own = place.below(name)
    for directory in own.directories:
        make_directory(directory, lambda _: None)
    group = GroupV1(own)
    try:
        group.apply(limit_bytes, cpus)
    except BaseException:
        group.remove()
        raise
    return group


def sweep(hierarchies: Hierarchies) -> int:
    """Kill and remove the groups of harnesses that are gone; how many containers that were."""
    swept = set()
    for mount in hierarchies.mounts:
        if mount.version == 1 and mount.controllers & {"memory", "cpu", "cpuacct"}:
            for directory in stale_groups(mount):
                remove_group(directory)
                swept.add(directory.name)
    return len(swept)


class GroupV1:
    """One group in the memory, cpu and cpuacct hierarchies, which is there already."""

    def __init__(self, place: Place) -> None:
        self._directories = place.directories
        self._cpu = place.cpu
        self._notes: tuple[str, ...] = ()
        memory = place.memory
        self._stat = OpenFile(memory / "memory.stat")
        self._usage = OpenFile(memory / "memory.usage_in_bytes")
        self._kernel = OpenFile(memory / "memory.kmem.usage_in_bytes")
        self._peak = OpenFile(memory / "memory.max_usage_in_bytes")
        self._oom = OpenFile(memory / "memory.oom_control")
        self._cpu_time = OpenFile(place.cpuacct / "cpuacct.usage") if place.cpuacct else None

    @property
    def directories(self) -> tuple[Path, ...]:
        """Its directory in each hierarchy, memory first."""
        return self._directories

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be enforced."""
        return self._notes

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its figures come from."""
        return _PROVENANCE

    def apply(self, limit_bytes: int | None, cpus: float | None) -> None:
        """Set swap off, the memory limit and the CPU share."""
        if not self._swap_file.exists():
            write_value(self._directories[0] / "memory.swappiness", "0")
            self._notes += ("swap is discouraged, not off: this kernel does not account it (boot with swapaccount=1)",)
        if limit_bytes is not None:
            self.set_limit(limit_bytes)
        if cpus is not None:
            self._set_cpus(cpus)

    def pids(self) -> tuple[int, ...]:
        """The living processes in it."""
        return group_pids(self._directories[0])

    def read(self, processes: Iterable[ProcessMemory]) -> MemorySample:
        """Its memory and CPU time now."""
        found = _STAT.search(self._stat.read())
        if found is None:
            raise BackendError(f"{self._directories[0]}/memory.stat has not what cgroup v1 tells")
        cache, rss, shmem, inactive_file = map(int, found.groups())
        cpu_s = int(self._cpu_time.read()) / 1e9 if self._cpu_time else 0.0
        return MemorySample(
            anon_bytes=rss,
            shmem_bytes=shmem,
            file_bytes=max(cache - shmem, 0),
            inactive_file_bytes=inactive_file,
            kernel_bytes=min(sum(one.kernel_bytes for one in processes), int(self._kernel.read())),
            total_bytes=int(self._usage.read()),
            cpu_s=cpu_s,
        )

    def oom_kills(self) -> int:
        """How many of its processes the OOM killer took."""
        return parse_flat(self._oom.read()).get(b"oom_kill", 0)

    def peak_bytes(self) -> int | None:
        """Its high-water mark."""
        return int(self._peak.read())

    def set_limit(self, limit_bytes: int) -> None:
        """Change the limit of memory, and of memory with swap, which may never be the smaller one."""
        files = [self._directories[0] / "memory.limit_in_bytes"]
        if self._swap_file.exists():
            raising = limit_bytes > int(read_value(files[0]))
            files.insert(0 if raising else 1, self._swap_file)
        for file in files:
            write_value(file, str(limit_bytes))

    def kill(self) -> None:
        """Kill what is in it."""
        kill_group(self._directories[0])

    def remove(self) -> None:
        """Kill what is in it and remove it."""
        self.kill()
        for directory in self._directories:
            remove_group(directory)
        self.close()

    def close(self) -> None:
        """Let go of its files."""
        for file in (self._stat, self._usage, self._kernel, self._peak, self._oom, self._cpu_time):
            if file is not None:
                file.close()

    @property
    def _swap_file(self) -> Path:
        return self._directories[0] / "memory.memsw.limit_in_bytes"

    def _set_cpus(self, cpus: float) -> None:
        if self._cpu is None:
            self._notes += (f"cpus = {cpus} is not enforced: the cpu hierarchy of cgroup v1 is not writable",)
            return
        try:
            write_value(self._cpu / "cpu.cfs_period_us", str(CPU_PERIOD_US))
            write_value(self._cpu / "cpu.cfs_quota_us", str(round(cpus * CPU_PERIOD_US)))
        except BackendError as error:
            raise BackendError(f"{error} (cpus = {cpus}: at least 0.01, and at most what halfgig itself has)") from None


def _writable(directory: Path) -> bool:
    return os.access(directory, os.W_OK)
