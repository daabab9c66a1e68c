"""Files that say which processes a watchdog holds, for the harness that comes after one that was killed."""

import os
import tempfile
from pathlib import Path

from harness.containers.owner import is_stale, new_name
from harness.containers.process_tree import ProcessTree
from harness.containers.processes import ProcessState, read_state
from harness.errors import BackendError


class Record:
    """The processes of one container, one `pid start_ticks` a line below the boot they belong to."""

    def __init__(self) -> None:
        self._path = _directory() / new_name()
        self._path.write_text(f"{_boot()}\n")

    def add(self, state: ProcessState) -> None:
        """Write down one process."""
        with self._path.open("a") as file:
            file.write(f"{state.pid} {state.start_ticks}\n")

    def remove(self) -> None:
        """Forget them; may be called again."""
        self._path.unlink(missing_ok=True)


def sweep_records() -> int:
    """Kill the processes of harnesses that are gone; how many containers that were."""
    stale = [path for path in _directory().iterdir() if is_stale(path.name)]
    for path in stale:
        for state in _read(path):
            ProcessTree(state, lambda _: None).kill_all()
        path.unlink(missing_ok=True)
    return len(stale)


def _read(path: Path) -> list[ProcessState]:
    """The processes in a record that still live."""
    boot, *lines = path.read_text().splitlines() or [""]
    written = (line.split() for line in lines if boot == _boot())
    found = [(read_state(int(fields[0])), int(fields[1])) for fields in written if len(fields) == 2]
    return [state for state, start_ticks in found if state is not None and state.start_ticks == start_ticks]


def _directory() -> Path:
    path = Path(tempfile.gettempdir()) / f"halfgig-watchdog-{os.geteuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.geteuid():
        raise BackendError(f"{path} belongs to somebody else; remove it, or set TMPDIR to another folder")
    return path


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
