"""Tells a process from a later one that was given the same number, on this machine or another."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.containers.processes import read_state


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process; `namespace` is where its number counts, `started` its start in clock ticks since boot."""

    host: str
    namespace: int
    pid: int
    started: int


def identify(pid: int) -> ProcessIdentity:
    """The identity of the process that has the number `pid` now."""
    state = read_state(pid)
    return ProcessIdentity(socket.gethostname(), _namespace(), pid, state.start_ticks if state else 0)


def identity_from(fields: Any) -> ProcessIdentity | None:
    """Read back what `dataclasses.asdict` gave; None when it is something else."""
    try:
        return ProcessIdentity(
            str(fields["host"]), int(fields["namespace"]), int(fields["pid"]), int(fields["started"])
        )
    except (KeyError, TypeError, ValueError):
        return None


def is_gone(identity: ProcessIdentity) -> bool:
    """Say whether the process has certainly ended; of other hosts and containers nothing is certain."""
    if (identity.host, identity.namespace) != (socket.gethostname(), _namespace()):
        return False
    state = read_state(identity.pid)
    return state is None or state.start_ticks != identity.started


def _namespace() -> int:
    return Path("/proc/self/ns/pid").stat().st_ino
