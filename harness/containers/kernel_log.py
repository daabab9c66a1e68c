"""Reads what the kernel's log says about OOM kills, where this user may read it."""

import os
import re
from collections.abc import Container as Contains

_KILLED_IN_GROUP = re.compile(r"oom-kill:\S*task_memcg=(?P<group>[^,]+),task=.*?,pid=(?P<pid>\d+)")
_KILLED = re.compile(r"Killed process (?P<pid>\d+) \(")


class KernelLog:
    """The records of /dev/kmsg from now on; without permission there are none."""

    def __init__(self) -> None:
        try:
            self._descriptor: int | None = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self._descriptor, 0, os.SEEK_END)
        except OSError:
            self._descriptor = None

    def read(self) -> str:
        """Every record since the last call."""
        records: list[bytes] = []
        while self._descriptor is not None:
            try:
                records.append(os.read(self._descriptor, 8192))
            except BrokenPipeError:
                continue  # older records were overwritten; the next read gives the oldest that is left
            except OSError:
                break
        return b"".join(records).decode(errors="replace")

    def close(self) -> None:
        """Let go of the log; may be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def victims_in(log: str, group: str, known: Contains[int]) -> tuple[int, ...]:
    """The pids that the OOM killer took in `group`, or whose pid is `known`, in the order of the log.

    The record that names the group is rate limited by the kernel, the one with only the pid is not.
    """
    found: dict[int, None] = {}
    for line in log.splitlines():
        in_group, killed = _KILLED_IN_GROUP.search(line), _KILLED.search(line)
        if in_group is not None and in_group["group"].endswith(group):
            found[int(in_group["pid"])] = None
        elif killed is not None and int(killed["pid"]) in known:
            found[int(killed["pid"])] = None
    return tuple(found)
