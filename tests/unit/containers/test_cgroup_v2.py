"""Where version 2 lets a group be made, and what is written there, on a tree of plain files."""

from pathlib import Path, PurePosixPath

import pytest

from harness.containers.cgroup_v2 import GroupV2, find_place
from harness.containers.container import Availability
from harness.containers.hierarchy import Hierarchies, Mount
from harness.errors import BackendError

FILES = {
    "memory.stat": "anon 100\nfile 70\nkernel 50\nshmem 20\ninactive_file 30\nslab_reclaimable 10\nsock 1\n",
    "memory.current": "230\n",
    "memory.events": "low 0\noom 1\noom_kill 3\n",
    "memory.peak": "500\n",
    "memory.swap.max": "max\n",
    "memory.max": "max\n",
    "cgroup.procs": "12\n0\n34\n",
    "cpu.stat": "usage_usec 1500000\nuser_usec 1\n",
    "cpu.max": "max 100000\n",
}


def make(directory: Path, *, controllers: str, shared: str, processes: str = "", root: bool = False) -> Path:
    """A group as the kernel would show it."""
    directory.mkdir()
    files = {"cgroup.controllers": controllers, "cgroup.subtree_control": shared, "cgroup.procs": processes}
    for name, text in files.items() if root else (files | {"cgroup.type": "domain"}).items():
        (directory / name).write_text(f"{text}\n")
    return directory


def hierarchies(top: Path, own: str) -> Hierarchies:
    """A hierarchy mounted at `top`, and this process in `own`."""
    return Hierarchies((Mount(2, PurePosixPath("/"), top, frozenset()),), {"": PurePosixPath(own)})


def test_the_nearest_group_that_shares_out_memory_is_taken(tmp_path: Path) -> None:
    """A group that holds processes cannot have children with controllers, so its parent serves."""
    top = make(tmp_path / "top", controllers="cpu memory", shared="memory", root=True)
    slice_ = make(top / "app.slice", controllers="cpu memory", shared="memory")
    make(slice_ / "x.scope", controllers="memory", shared="", processes="1")

    assert find_place(hierarchies(top, "/app.slice/x.scope")) == slice_


def test_the_root_may_hold_processes_and_share(tmp_path: Path) -> None:
    """Only the real root may do both, as on a machine without systemd."""
    top = make(tmp_path / "top", controllers="cpu memory", shared="", processes="1", root=True)

    assert find_place(hierarchies(top, "/")) == top


def test_a_namespace_full_of_processes_is_refused_with_a_remedy(tmp_path: Path) -> None:
    """Inside an ordinary container nothing can be shared out; the answer says what to do."""
    top = make(tmp_path / "top", controllers="cpu memory", shared="", processes="1")

    found = find_place(hierarchies(top, "/"))

    assert isinstance(found, Availability)
    assert not found.available
    assert "Delegate=yes" in found.remedy


def test_a_hierarchy_without_memory_is_refused(tmp_path: Path) -> None:
    """Version 2 beside version 1 has no memory controller."""
    top = make(tmp_path / "top", controllers="", shared="", root=True)

    found = find_place(hierarchies(top, "/"))

    assert isinstance(found, Availability)
    assert "without the memory controller" in found.reason


@pytest.fixture
def group(tmp_path: Path) -> GroupV2:
    """A group of plain files."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return GroupV2(tmp_path)


def test_limits_are_written_and_swap_is_off(group: GroupV2) -> None:
    """The limit, no swap, and the CPU share as quota and period."""
    group.apply(1000, 0.5)

    directory = group.directories[0]
    written = {name: (directory / name).read_text() for name in ("memory.max", "memory.swap.max", "cpu.max")}
    assert written == {"memory.max": "1000", "memory.swap.max": "0", "cpu.max": "50000 100000"}
    assert group.notes == ()


def test_what_cannot_be_enforced_is_noted(group: GroupV2) -> None:
    """Without swap accounting and the cpu controller the group still serves, and says so."""
    for name in ("memory.swap.max", "cpu.max"):
        (group.directories[0] / name).unlink()

    group.apply(1000, 0.5)

    assert len(group.notes) == 2


def test_a_sample_tells_the_kinds_apart(group: GroupV2) -> None:
    """`file` of memory.stat includes shared memory; the sample's does not."""
    sample = group.read(())

    assert (sample.anon_bytes, sample.shmem_bytes, sample.file_bytes, sample.kernel_bytes) == (100, 20, 50, 41)
    assert (sample.unreclaimable_bytes, sample.working_set_bytes, sample.cpu_s) == (161, 200, 1.5)


def test_counts_and_processes_are_read(group: GroupV2) -> None:
    """Kills and the peak are the kernel's; a process of another pid namespace is left out."""
    assert (group.oom_kills(), group.peak_bytes(), group.pids()) == (3, 500, (12, 34))


def test_a_refused_value_says_which_file(group: GroupV2) -> None:
    """A file that cannot be written is named."""
    (group.directories[0] / "memory.max").unlink()
    (group.directories[0] / "memory.max").mkdir()

    with pytest.raises(BackendError, match=r"memory\.max"):
        group.set_limit(5)
