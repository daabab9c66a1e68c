"""Names that say which harness a container belongs to, so that a later one can tell what was left behind."""

import os
import re
import secrets
from pathlib import Path

from harness.containers.processes import read_state

# The folder below which every group of a harness lies.
PARENT = "halfgig"

_NAME = re.compile(r"(\d+)-(\d+)-(\d+)-[0-9a-f]{8}")


def new_name() -> str:
    """A name for a new container of this process: pid, start time, pid namespace, and a random part."""
    state = read_state(os.getpid())
    start_ticks = state.start_ticks if state else 0
    return f"{os.getpid()}-{start_ticks}-{_namespace()}-{secrets.token_hex(4)}"


def is_stale(name: str) -> bool:
    """Whether `name` was made by a harness that is gone; False for what no harness of this pid namespace named."""
    found = _NAME.fullmatch(name)
    if found is None or int(found[3]) != _namespace():
        return False
    state = read_state(int(found[1]))
    return state is None or state.start_ticks != int(found[2])


def _namespace() -> int:
    return Path("/proc/self/ns/pid").stat().st_ino
