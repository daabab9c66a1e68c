"""What the kernel charges to our memory cgroup (v2 or v1), against the tightest limit above us."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_UNLIMITED_V1_BYTES = 2**60
"""cgroup v1 writes "no limit" as the largest multiple of a page."""


@dataclass(frozen=True, slots=True)
class MemoryState:
    """Memory of the group whose limit is the tightest, or of our own group where nothing is limited."""

    usage_bytes: int
    """Everything charged, less the file cache that is dropped first."""
    limit_bytes: int | None
    """None where there is no limit."""
    oom_kills: int
    """Processes of our own group that the OOM killer has ended since the group was made."""

    @property
    def headroom_bytes(self) -> int | None:
        """What is left below the limit; None where there is none."""
        return None if self.limit_bytes is None else max(0, self.limit_bytes - self.usage_bytes)


@dataclass(frozen=True, slots=True)
class _Files:
    limit: str
    usage: str
    inactive_file: str
    events: str


_V1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "memory.oom_control")
_V2 = _Files("memory.max", "memory.current", "inactive_file", "memory.events")


def read_memory(membership: Path = Path("/proc/self/cgroup"), hierarchy: Path = Path("/sys/fs/cgroup")) -> MemoryState:
    """Read the state now; zeros and no limit where the kernel offers no memory cgroup."""
    files, root, path = _own_group(membership, hierarchy)
    groups = list(_up(root, path))
    own = groups[0]
    limit_bytes, tightest = min(
        ((limit, group) for group in groups if (limit := _limit(group / files.limit)) is not None),
        key=lambda pair: pair[0],
        default=(None, own),
    )
    return MemoryState(_usage(tightest, files), limit_bytes, _entry(own / files.events, "oom_kill"))


def _own_group(membership: Path, hierarchy: Path) -> tuple[_Files, Path, str]:
    unified = "/"
    for line in _text(membership).splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return _V1, hierarchy / "memory", path
        if not controllers:
            unified = path
    return _V2, hierarchy, unified


def _up(root: Path, path: str) -> Iterator[Path]:
    """Our group and those above it; in a container the path may be that of the host, and the root is our own."""
    group = root / path.strip("/")
    if ".." in group.parts or not group.is_dir():
        group = root
    while group != root:
        yield group
        group = group.parent
    yield root


def _limit(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdigit() and int(text) < _UNLIMITED_V1_BYTES else None


def _usage(group: Path, files: _Files) -> int:
    charged = _text(group / files.usage).strip()
    return max(0, int(charged or 0) - _entry(group / "memory.stat", files.inactive_file))


def _entry(file: Path, name: str) -> int:
    for line in _text(file).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _text(file: Path) -> str:
    """The file's text; empty where it does not exist at this level (the root of v2 has no limit file)."""
    try:
        return file.read_text()
    except OSError:
        return ""
