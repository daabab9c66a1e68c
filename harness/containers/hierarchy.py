"""Where the cgroup hierarchies are mounted, and which group of each this process is in."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.containers.owner import PARENT, is_stale
from harness.errors import BackendError


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted hierarchy: version, the group that its mount point shows, and v1's controllers."""

    version: int
    root: PurePosixPath
    point: Path
    controllers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hierarchies:
    """Every mount, and this process's group in each hierarchy: by v1 controller, and under "" for v2."""

    mounts: tuple[Mount, ...]
    membership: Mapping[str, PurePosixPath]

    def mount_of(self, controller: str) -> Mount | None:
        """The v1 mount with `controller`, or with "" the v2 mount."""
        wanted = 2 if controller == "" else 1
        matching = (one for one in self.mounts if one.version == wanted)
        return next((one for one in matching if controller == "" or controller in one.controllers), None)

    def own_directory(self, controller: str) -> Path | None:
        """This process's group with `controller` ("" for v2), None where its hierarchy is not mounted."""
        mount, path = self.mount_of(controller), self.membership.get(controller)
        if mount is None or path is None:
            return None
        inside = path.is_relative_to(mount.root) and ".." not in path.parts
        return mount.point / path.relative_to(mount.root) if inside else mount.point


def read_hierarchies() -> Hierarchies:
    """The hierarchies of this process."""
    mounts = parse_mounts(Path("/proc/self/mountinfo").read_text())
    return Hierarchies(mounts, parse_membership(Path("/proc/self/cgroup").read_text()))


def parse_mounts(mountinfo: str) -> tuple[Mount, ...]:
    """The cgroup mounts in the text of /proc/self/mountinfo."""
    return tuple(_parse_mounts(mountinfo))


def _parse_mounts(mountinfo: str) -> Iterator[Mount]:
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ")[:3]
        if kind in ("cgroup", "cgroup2"):
            root, point = (one.replace("\\040", " ") for one in before.split(" ")[3:5])
            version = 1 if kind == "cgroup" else 2
            yield Mount(version, PurePosixPath(root), Path(point), frozenset(options.split(",")))


def parse_membership(text: str) -> dict[str, PurePosixPath]:
    """The group paths in the text of /proc/self/cgroup, by controller; v2's under ""."""
    membership: dict[str, PurePosixPath] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        membership |= {one: PurePosixPath(path) for one in controllers.split(",")}
    return membership


def write_value(path: Path, value: str) -> None:
    """Write a cgroup file; BackendError names the file and what the kernel said."""
    try:
        path.write_text(value)
    except OSError as error:
        raise BackendError(f"{path}: the kernel refused {value!r}: {error.strerror}") from None


def read_value(path: Path) -> str:
    """The text of a cgroup file, empty where it is not there."""
    try:
        return path.read_text()
    except OSError:
        return ""


def group_pids(directory: Path) -> tuple[int, ...]:
    """The processes in a group; 0 stands for one of another pid namespace and is left out.

    The file is opened anew each time: on v1 an open one goes on telling the list of its first read.
    """
    descriptor = os.open(f"{directory}/cgroup.procs", os.O_RDONLY | os.O_CLOEXEC)
    try:
        text = b"".join(iter(lambda: os.read(descriptor, 65536), b""))
    finally:
        os.close(descriptor)
    return tuple(pid for pid in map(int, text.split()) if pid > 0)


def remove_directory(path: Path) -> None:
    """Remove a group, and its parent once that is empty; nothing happens where it is gone."""
    with contextlib.suppress(FileNotFoundError):
        path.rmdir()
    with contextlib.suppress(OSError):
        path.parent.rmdir()


def stale_groups(mount: Mount) -> tuple[Path, ...]:
    """The groups below a mount that belong to harnesses that are gone."""
    return tuple(_stale_groups(mount.point))


def _stale_groups(directory: Path) -> Iterator[Path]:
    try:
        with os.scandir(directory) as entries:
            below = [Path(one.path) for one in entries if one.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for path in below:
        if directory.name == PARENT and is_stale(path.name):
            yield path
        else:
            yield from _stale_groups(path)
