"""The `systemd` backend: a transient scope below a slice of our own, by the system's manager or the user's.

The limit and the counters are the slice's: a scope ends with its processes, but a slice stays until it is stopped, so
that counters outlive each start of the target.
"""

import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.containers import cgroup_v2
from harness.containers.cgroup import CgroupContainer
from harness.containers.container import Availability, Container, Inside, Launch, MemorySample
from harness.containers.guard import guard_by_command
from harness.containers.hierarchy import read_value, write_value
from harness.containers.launcher import launch_with
from harness.containers.owner import is_stale, new_name
from harness.containers.processes import ProcessMemory
from harness.containers.systemd_manager import (
    LOOK_EVERY_S,
    TIMEOUT_S,
    Manager,
    directory_of,
    find_manager,
    group_path,
    run_words,
)
from harness.errors import BackendError

_PREFIX = "halfgig_"
_SUFFIX = ".slice"
_MANAGER = "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
_END_SLICE = """
slice=$1; directory=$2; shift 2
[ -w "$directory/cgroup.kill" ] && echo 1 > "$directory/cgroup.kill"
exec "$@" stop "$slice"
"""


class SystemdBackend:
    """Scopes and slices that systemd makes for us."""

    name = "systemd"
    simulated = False
    needs_image = False

    def availability(self) -> Availability:
        """Whether a manager answers and gives its units the memory controller of cgroup v2."""
        found = find_manager()
        if isinstance(found, Availability):
            return found
        whose = "the system's manager" if found.option == "--system" else "the user's manager"
        return Availability(available=True, reason=f"scopes of {whose}, cgroup v2", cgroup_version=2)

    def create(self, launch: Launch) -> Container:
        """A slice with the limits of `launch`."""
        found = find_manager()
        if isinstance(found, Availability):
            raise BackendError(f"the systemd backend is not available: {found.reason}; {found.remedy}".rstrip("; "))
        group = make_slice(found, new_name(), launch)
        end = ["/bin/sh", "-c", _END_SLICE, "halfgig-guard", group.unit, str(group.directories[0])]
        try:
            words = [*run_words(found), f"--slice={group.unit}", "--"]
            guard = guard_by_command([*end, "systemctl", found.option, "--quiet"], found.environment)
            return CgroupContainer(launch, group, guard, lambda: _begin(launch, words, found, group.unit))
        except BaseException:
            group.remove()
            raise

    def inside(self, launch: Launch) -> Inside | None:  # noqa: ARG002  (an image would tell)
        """The target runs on what this machine has."""
        return None

    def sweep_stale(self) -> int:
        """Stop the slices of harnesses that are gone."""
        found = find_manager()
        if isinstance(found, Availability):
            return 0
        stale = [unit for unit in _slices(found) if is_stale(name_of(unit))]
        for unit in stale:
            _stop(found, unit, group_path(found, unit))
        return len(stale)


class SliceGroup:
    """A slice that systemd made for us; what is in it lies in the groups of its scopes."""

    def __init__(self, manager: Manager, unit: str, directory: Path, notes: tuple[str, ...]) -> None:
        self._manager = manager
        self._unit = unit
        self._files = cgroup_v2.GroupV2(directory)
        self._notes = notes

    @property
    def unit(self) -> str:
        """Its name for systemd."""
        return self._unit

    @property
    def directories(self) -> tuple[Path, ...]:
        """Its directory."""
        return self._files.directories

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be enforced."""
        return self._notes

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its figures come from."""
        return self._files.provenance

    def pids(self) -> tuple[int, ...]:
        """The living processes below it."""
        return cgroup_v2.pids_below(self.directories[0])

    def read(self, processes: Iterable[ProcessMemory]) -> MemorySample:
        """Its memory and CPU time now."""
        return self._files.read(processes)

    def oom_kills(self) -> int:
        """How many of the processes below it the OOM killer took."""
        return self._files.oom_kills()

    def peak_bytes(self) -> int | None:
        """Its high-water mark."""
        return self._files.peak_bytes()

    def set_limit(self, limit_bytes: int) -> None:
        """Change the limit until it is stopped."""
        self._manager.call("systemctl", "set-property", "--runtime", self._unit, f"MemoryMax={limit_bytes}")

    def kill(self) -> None:
        """Kill what is below it."""
        cgroup_v2.kill_below(self.directories[0])

    def remove(self) -> None:
        """Kill what is below it and stop it."""
        _stop(self._manager, self._unit, self.directories[0])
        self.close()

    def close(self) -> None:
        """Let go of its files."""
        self._files.close()


def make_slice(manager: Manager, name: str, launch: Launch) -> SliceGroup:
    """A new slice with its limits set; nothing is left when systemd refuses one."""
    unit = unit_of(name)
    manager.call("busctl", "call", *_MANAGER, "StartTransientUnit", *transient_slice(unit, launch))
    directory = None
    try:
        directory = directory_of(manager, unit)
        if launch.oom_group:
            write_value(directory / "memory.oom.group", "1")
        return SliceGroup(manager, unit, directory, _notes(directory, launch))
    except BaseException:
        _stop(manager, unit, directory)
        raise


def transient_slice(unit: str, launch: Launch) -> list[str]:
    """The signature and arguments of systemd's StartTransientUnit for a slice with the limits of `launch`."""
    properties = [("MemorySwapMax", "t", "0"), ("MemoryAccounting", "b", "true"), ("CPUAccounting", "b", "true")]
    if launch.limit_bytes is not None:
        properties.append(("MemoryMax", "t", str(launch.limit_bytes)))
    if launch.cpus is not None:
        properties.append(("CPUQuotaPerSecUSec", "t", str(round(launch.cpus * 1e6))))
    words = [word for one in properties for word in one]
    return ["ssa(sv)a(sa(sv))", unit, "fail", str(len(properties)), *words, "0"]


def unit_of(name: str) -> str:
    """The unit for a container's name; a dash would make systemd nest slices."""
    return f"{_PREFIX}{name.replace('-', '_')}{_SUFFIX}"


def name_of(unit: str) -> str:
    """The container's name that a unit stands for."""
    return unit.removeprefix(_PREFIX).removesuffix(_SUFFIX).replace("_", "-")


def _slices(manager: Manager) -> list[str]:
    listed = manager.call("systemctl", "list-units", "--all", "--plain", "--no-legend", f"{_PREFIX}*{_SUFFIX}")
    return [line.split()[0] for line in listed.splitlines()]


def _notes(directory: Path, launch: Launch) -> tuple[str, ...]:
    notes = []
    if not (directory / "memory.swap.max").exists():
        notes.append("swap is not off: this kernel does not account it (boot with swapaccount=1)")
    if launch.cpus is not None and not read_value(directory / "cpu.max")[:1].isdigit():
        notes.append(f"cpus = {launch.cpus} is not enforced: the cpu controller is not delegated to this user")
    return tuple(notes)


def _stop(manager: Manager, unit: str, directory: Path | None) -> None:
    if directory is not None and (directory / "cgroup.procs").exists():
        cgroup_v2.kill_below(directory)
    manager.call("systemctl", "--quiet", "stop", unit)


def _begin(launch: Launch, words: Sequence[str], manager: Manager, unit: str) -> subprocess.Popen[bytes]:
    """Start the target by way of systemd-run, and wait until that has joined the slice or given up."""
    process = launch_with(launch, words, manager.environment)
    deadline_s = time.monotonic() + TIMEOUT_S
    while process.poll() is None and f"/{unit}/" not in read_value(Path(f"/proc/{process.pid}/cgroup")):
        if time.monotonic() > deadline_s:
            process.kill()
            process.wait()
            raise BackendError(f"systemd-run did not start {launch.name} within {TIMEOUT_S:.0f} s")
        time.sleep(LOOK_EVERY_S)
    return process
