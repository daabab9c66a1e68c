"""One look at a group from outside: its memory, its counters, and the processes in it, as one frozen object."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from harness.containers import cgroup_v1, cgroup_v2
from harness.containers.container import MemorySample
from harness.containers.group import Group
from harness.containers.hierarchy import Hierarchies, parse_membership, read_hierarchies, read_value
from harness.containers.memory_readers import MemoryReaders
from harness.containers.processes import ProcessMemory, read_command

# How often the processes of a group are looked at: that costs several times as much as its memory.
_PROCESSES_EVERY_S = 0.1
_NO_SAMPLE = MemorySample(0, 0, 0, 0, 0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen; all but the sample is of the last look that was `fresh`."""

    sample: MemorySample = _NO_SAMPLE
    oom_kills: int = 0
    peak_bytes: int | None = None
    memory: Mapping[int, ProcessMemory] = field(default_factory=dict)
    commands: Mapping[int, str] = field(default_factory=dict)
    fresh: bool = False


NOTHING = Look()


class Eye(Protocol):
    """Looks at one group, wherever that is."""

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its figures come from."""

    def look(self) -> Look:
        """Look now; once the group is gone, what was seen last."""

    def look_at_all(self) -> Look:
        """Look now, at the processes too, however short ago that was."""

    def close(self) -> None:
        """Let go of it; may be called again."""


class GroupEye:
    """Looks at a group whose files are on this machine; used by one thread at a time."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._readers = MemoryReaders()
        self._looked_s = 0.0
        self._last = NOTHING

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its figures come from."""
        return self._group.provenance

    def look(self) -> Look:
        """Look now, at the processes where that is due."""
        due = time.monotonic() - self._looked_s >= _PROCESSES_EVERY_S
        return self.look_at_all() if due else self._try(self._memory)

    def look_at_all(self) -> Look:
        """Look now, at the processes too."""
        self._looked_s = time.monotonic()
        return self._try(self._all)

    def close(self) -> None:
        """Let go of the files."""
        self._readers.close()
        self._group.close()

    def _try(self, see: Callable[[], Look]) -> Look:
        try:
            self._last = see()
        except OSError:  # the group was removed with its last process
            self._last = replace(self._last, fresh=False)
        return self._last

    def _memory(self) -> Look:
        return replace(self._last, sample=self._group.read(self._last.memory.values()), fresh=False)

    def _all(self) -> Look:
        pids = self._group.pids()
        memory = self._readers.read(pids)
        return Look(
            sample=self._group.read(memory.values()),
            oom_kills=self._group.oom_kills(),
            peak_bytes=self._group.peak_bytes(),
            memory=memory,
            commands={pid: read_command(pid) for pid in pids},
            fresh=True,
        )


def group_of(pid: int) -> Group | None:
    """The group that a process of this machine is in, None where its files are not to be seen from here."""
    membership = parse_membership(read_value(Path(f"/proc/{pid}/cgroup")))
    hierarchies = Hierarchies(read_hierarchies().mounts, membership)
    newer = hierarchies.own_directory("")
    try:
        if newer is not None and (newer / "memory.current").exists():
            return cgroup_v2.GroupV2(newer)
        memory, cpu, cpuacct = (hierarchies.own_directory(one) for one in ("memory", "cpu", "cpuacct"))
        return None if memory is None else cgroup_v1.GroupV1(cgroup_v1.Place(memory, cpu, cpuacct))
    except OSError:
        return None
