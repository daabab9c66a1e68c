"""Control groups of version 2: one hierarchy, where processes live in leaves only."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.containers.container import Availability, Launch, MemorySample
from harness.containers.group import OpenFile, kill_group, make_directory, parse_flat, remove_group
from harness.containers.hierarchy import Hierarchies, group_pids, read_value, stale_groups, write_value
from harness.containers.owner import PARENT
from harness.containers.processes import ProcessMemory
from harness.errors import BackendError

CPU_PERIOD_US = 100_000
CONTROLLERS = ("memory", "cpu", "pids")

_DELEGATE = (
    "run halfgig as root, or in a scope that systemd delegates: `systemd-run --user --scope -p Delegate=yes halfgig …`"
    "; inside a container, start that with `--privileged --cgroupns=host`"
)
_PROVENANCE = {
    "unreclaimable_bytes": "largest sample: anon + shmem of memory.stat, and its kernel memory less reclaimable slab",
    "cgroup_bytes": "the kernel's own high-water mark (memory.peak)",
    "rss_bytes": "the kernel's own high-water mark (VmHWM), as last read before the exit",
}
# Before Linux 5.18 memory.stat has no total `kernel`; these are its unreclaimable parts.
_KERNEL_PARTS = (b"kernel_stack", b"pagetables", b"percpu", b"slab_unreclaimable", b"vmalloc")


def find_place(hierarchies: Hierarchies) -> Path | Availability:
    """The nearest group above or at this process's own that lets a child have the memory controller, or why none."""
    mount, own = hierarchies.mount_of(""), hierarchies.own_directory("")
    if mount is None or own is None:
        return Availability(available=False, reason="cgroup v2 is not mounted")
    if "memory" not in _words(mount.point / "cgroup.controllers"):
        return Availability(available=False, reason=f"cgroup v2 at {mount.point} is without the memory controller")
    for directory in _upwards(own, mount.point):
        if _usable(directory):
            return directory
    reason = f"from {own} up to {mount.point} no group is writable and may share out memory to its children"
    return Availability(available=False, reason=reason, remedy=_DELEGATE)


def make_group(place: Path, name: str, launch: Launch) -> "GroupV2":
    """A new group with its limits set; nothing is left when the kernel refuses one."""
    directory = place / PARENT / name
    _enable_controllers(place)
    make_directory(directory, _enable_controllers)
    try:
        group = GroupV2(directory)
        group.apply(launch.limit_bytes, launch.cpus)
        if launch.oom_group:
            write_value(directory / "memory.oom.group", "1")
    except BaseException:
        remove_group(directory)
        raise
    return group


def sweep(hierarchies: Hierarchies) -> int:
    """Kill and remove the groups of harnesses that are gone; how many there were."""
    mount = hierarchies.mount_of("")
    directories = stale_groups(mount) if mount else ()
    for directory in directories:
        _kill(directory)
        remove_group(directory)
    return len(directories)


class GroupV2:
    """One leaf group."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._notes: tuple[str, ...] = ()
        self._stat = OpenFile(directory / "memory.stat")
        self._usage = OpenFile(directory / "memory.current")
        self._events = OpenFile(directory / "memory.events")
        self._cpu_time = OpenFile(directory / "cpu.stat")
        peak = directory / "memory.peak"
        self._peak = OpenFile(peak) if peak.exists() else None

    @property
    def directories(self) -> tuple[Path, ...]:
        """Its directory."""
        return (self._directory,)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be enforced."""
        return self._notes

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its figures come from."""
        return _PROVENANCE if self._peak else _PROVENANCE | {"cgroup_bytes": "not known before Linux 5.19"}

    def apply(self, limit_bytes: int | None, cpus: float | None) -> None:
        """Set swap off, the memory limit and the CPU share."""
        swap, cpu = self._directory / "memory.swap.max", self._directory / "cpu.max"
        if swap.exists():
            write_value(swap, "0")
        else:
            self._notes += ("swap is not off: this kernel does not account it (boot with swapaccount=1)",)
        if limit_bytes is not None:
            self.set_limit(limit_bytes)
        if cpus is not None and cpu.exists():
            write_value(cpu, f"{round(cpus * CPU_PERIOD_US)} {CPU_PERIOD_US}")
        elif cpus is not None:
            self._notes += (f"cpus = {cpus} is not enforced: the cpu controller is not delegated to halfgig",)

    def pids(self) -> tuple[int, ...]:
        """The living processes in it."""
        return group_pids(self._directory)

    def read(self, processes: Iterable[ProcessMemory]) -> MemorySample:  # noqa: ARG002  (v1 needs them)
        """Its memory and CPU time now."""
        stat = parse_flat(self._stat.read())
        return MemorySample(
            anon_bytes=stat[b"anon"],
            shmem_bytes=stat[b"shmem"],
            file_bytes=max(stat[b"file"] - stat[b"shmem"], 0),
            inactive_file_bytes=stat[b"inactive_file"],
            kernel_bytes=kernel_bytes(stat),
            total_bytes=int(self._usage.read()),
            cpu_s=parse_flat(self._cpu_time.read())[b"usage_usec"] / 1e6,
        )

    def oom_kills(self) -> int:
        """How many of its processes the OOM killer took."""
        return parse_flat(self._events.read()).get(b"oom_kill", 0)

    def peak_bytes(self) -> int | None:
        """Its high-water mark, None before Linux 5.19."""
        return int(self._peak.read()) if self._peak else None

    def set_limit(self, limit_bytes: int) -> None:
        """Change the limit; below what is in use the kernel kills."""
        write_value(self._directory / "memory.max", str(limit_bytes))

    def kill(self) -> None:
        """Kill what is in it."""
        _kill(self._directory)
        kill_group(self._directory)

    def remove(self) -> None:
        """Kill what is in it and remove it."""
        _kill(self._directory)
        remove_group(self._directory)
        self.close()

    def close(self) -> None:
        """Let go of its files."""
        for file in (self._stat, self._usage, self._events, self._cpu_time, self._peak):
            if file is not None:
                file.close()


def kernel_bytes(stat: Mapping[bytes, int]) -> int:
    """Kernel memory that cannot be reclaimed, socket buffers included, from the figures of memory.stat."""
    if b"kernel" in stat:
        kernel = stat[b"kernel"] - stat.get(b"slab_reclaimable", 0) - stat.get(b"zswap", 0)
    else:
        kernel = sum(stat.get(part, 0) for part in _KERNEL_PARTS)
    return max(kernel, 0) + stat.get(b"sock", 0)


def pids_below(directory: Path) -> tuple[int, ...]:
    """The living processes in a group and in all below it."""
    found: list[int] = []
    for root, _, _ in os.walk(directory):
        with contextlib.suppress(OSError):
            found.extend(group_pids(Path(root)))
    return tuple(found)


def kill_below(directory: Path) -> None:
    """Kill everything in a group and in all below it, and wait until they are empty."""
    _kill(directory)
    for root, _, _ in os.walk(directory):
        kill_group(Path(root))


def _upwards(own: Path, top: Path) -> Iterator[Path]:
    yield own
    while own not in (top, own.parent):
        own = own.parent
        yield own


def _usable(directory: Path) -> bool:
    """Whether halfgig may make groups there and give them the memory controller."""
    shared = "memory" in _words(directory / "cgroup.subtree_control")
    # Only the real root may hold processes and share out controllers; it alone has no cgroup.type.
    may_share = not (directory / "cgroup.type").exists() or not read_value(directory / "cgroup.procs").strip()
    needed = [directory, directory / "cgroup.procs"] + ([] if shared else [directory / "cgroup.subtree_control"])
    offered = "memory" in _words(directory / "cgroup.controllers")
    return offered and (shared or may_share) and all(os.access(one, os.W_OK) for one in needed)


def _enable_controllers(directory: Path) -> None:
    control = directory / "cgroup.subtree_control"
    missing = [one for one in CONTROLLERS if one not in _words(control)]
    for controller in missing:
        if controller == "memory":
            write_value(control, "+memory")
        elif controller in _words(directory / "cgroup.controllers"):
            with contextlib.suppress(BackendError):  # a share that cannot be had becomes a note of the group
                write_value(control, f"+{controller}")


def _kill(directory: Path) -> None:
    """Kill everything in the group and its children at once where the kernel can (5.14), else one by one."""
    kill = directory / "cgroup.kill"
    if kill.exists():
        write_value(kill, "1")
    else:
        kill_group(directory)


def _words(path: Path) -> list[str]:
    return read_value(path).split()
