"""Finds out which processes of a container the OOM killer took."""

from collections.abc import Mapping

from harness.containers.kernel_log import victims_in


class Victims:
    """Names each OOM kill of a group: by the kernel's log, and without it by who vanished when the count rose."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._names: dict[int, str] = {}
        self._living: frozenset[int] = frozenset()
        self._killed: dict[int, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Who was killed, in order."""
        return tuple(self._killed.values())

    def took(self, pid: int) -> bool:
        """Whether the process `pid` was killed."""
        return pid in self._killed

    def unexplained(self, oom_kills: int) -> bool:
        """Whether the group counts more kills than were named."""
        return oom_kills > len(self._killed)

    def observe(self, living: Mapping[int, str], oom_kills: int, log: str) -> None:
        """Take in the processes of the group (pid and name), its count of kills, and the log since the last time."""
        self._names |= living
        for pid in victims_in(log, self._group, self._names):
            self._name(pid, oom_kills)
        for pid in sorted(self._living - living.keys()):
            self._name(pid, oom_kills)
        self._living = frozenset(living)

    def _name(self, pid: int, oom_kills: int) -> None:
        if self.unexplained(oom_kills) and pid not in self._killed:
            self._killed[pid] = self._names.get(pid, f"child process {pid}")
