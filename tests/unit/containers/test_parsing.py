"""What the kernel's texts are taken to say."""

from pathlib import Path, PurePosixPath

import pytest

from harness.containers.cgroup_v2 import kernel_bytes
from harness.containers.doctor import filesystem_of
from harness.containers.group import parse_flat
from harness.containers.hierarchy import Hierarchies, Mount, parse_membership, parse_mounts
from harness.containers.kernel_log import victims_in
from harness.containers.processes import command_text, parse_memory, parse_state, signal_name

MOUNTINFO = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
36 31 0:33 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw,relatime - cgroup2 cgroup2 rw
"""
STATUS = b"""\
Name:\tpython3
VmPeak:\t  12000 kB
VmHWM:\t    9000 kB
VmRSS:\t    8000 kB
RssAnon:\t    5000 kB
RssFile:\t    2000 kB
RssShmem:\t    1000 kB
VmPTE:\t      60 kB
Threads:\t3
"""
LOG = """\
6,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/a/halfgig/x,task_memcg=/a/halfgig/x,task=py,pid=7,uid=0
3,2,3,-;Memory cgroup out of memory: Killed process 7 (py) total-vm:1kB, anon-rss:1kB
3,3,4,-;Memory cgroup out of memory: Killed process 9 (py) total-vm:1kB, anon-rss:1kB
6,4,5,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/b/other,task_memcg=/b/other,task=py,pid=8,uid=0
3,5,6,-;Memory cgroup out of memory: Killed process 8 (py) total-vm:1kB, anon-rss:1kB
"""


def test_mounts_are_told_by_version_and_controllers() -> None:
    """Only cgroup mounts are taken, with their version, controllers, root and unescaped mount point."""
    mounts = parse_mounts(MOUNTINFO)

    assert [(one.version, str(one.root), str(one.point)) for one in mounts] == [
        (1, "/", "/sys/fs/cgroup/memory"),
        (1, "/docker/abc", "/sys/fs/cgroup/cpu,cpuacct"),
        (2, "/", "/sys/fs/cgroup/uni fied"),
    ]
    assert mounts[1].controllers >= {"cpu", "cpuacct"}


@pytest.mark.parametrize(
    ("controller", "directory"),
    [
        ("memory", "/sys/fs/cgroup/memory/session"),
        ("cpu", "/sys/fs/cgroup/cpu,cpuacct/inner"),
        ("cpuacct", "/sys/fs/cgroup/cpu,cpuacct/inner"),
        ("", "/sys/fs/cgroup/uni fied"),
        ("pids", None),
    ],
)
def test_the_own_group_is_found_below_its_mount(controller: str, directory: str | None) -> None:
    """The path of /proc/self/cgroup is taken relative to what the mount shows, also inside a container."""
    membership = parse_membership("4:memory:/session\n1:cpu,cpuacct:/docker/abc/inner\n8:pids:/\n0::/\n")
    hierarchies = Hierarchies(parse_mounts(MOUNTINFO), membership)

    assert hierarchies.own_directory(controller) == (Path(directory) if directory else None)


def test_a_group_outside_of_what_is_mounted_is_the_mount_point() -> None:
    """A path that leads out of the cgroup namespace stands for the top of what can be seen."""
    mount = Mount(2, PurePosixPath("/"), Path("/sys/fs/cgroup"), frozenset())

    assert Hierarchies((mount,), {"": PurePosixPath("/../other")}).own_directory("") == mount.point


def test_flat_files_are_keys_and_numbers() -> None:
    """memory.oom_control and memory.events are read by key."""
    assert parse_flat(b"oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")[b"oom_kill"] == 2
    assert parse_flat(b"low 0\nhigh 0\nmax 31\noom 1\noom_kill 1\noom_group_kill 0\n")[b"oom_kill"] == 1


def test_kernel_memory_of_v2_leaves_out_what_can_be_reclaimed() -> None:
    """Reclaimable slab is not counted, socket buffers are."""
    assert kernel_bytes({b"kernel": 1000, b"slab_reclaimable": 300, b"sock": 5}) == 705


def test_kernel_memory_before_linux_5_18_is_added_up() -> None:
    """Without the total, the unreclaimable parts are taken."""
    stat = {b"kernel_stack": 1, b"pagetables": 2, b"percpu": 4, b"slab_unreclaimable": 8, b"slab_reclaimable": 99}

    assert kernel_bytes(stat | {b"sock": 16}) == 31


def test_memory_of_a_process_is_read_from_its_status() -> None:
    """Sizes are bytes, and kernel memory is page tables, threads and the process itself."""
    memory = parse_memory(STATUS)

    assert memory is not None
    assert memory.peak_rss_bytes == 9000 * 1024
    assert (memory.anon_bytes, memory.file_bytes, memory.shmem_bytes) == (5000 * 1024, 2000 * 1024, 1000 * 1024)
    assert memory.kernel_bytes == (60 + 128 + 3 * 24) * 1024


def test_a_zombie_has_no_memory_and_no_state() -> None:
    """A process that is dead but not reaped counts as gone."""
    assert parse_memory(b"Name:\tpython3\nState:\tZ (zombie)\nThreads:\t1\n") is None
    assert parse_state(b"7 (py) Z 1 7 7 0 -1 0 0 0 0 0 5 6 0 0 20 0 1 0 1234 0 0") is None


def test_the_name_of_a_process_may_hold_anything() -> None:
    """Parentheses and spaces in a name do not shift the fields."""
    state = parse_state(b"7 (a) S (b) S 3 7 5 0 -1 0 0 0 0 0 50 50 0 0 20 0 1 0 1234 0 0")

    assert state is not None
    assert (state.pid, state.parent, state.session, state.start_ticks) == (7, 3, 5, 1234)
    assert state.cpu_s == pytest.approx(1.0, abs=1.0)


def test_victims_are_those_of_the_group_and_known_pids() -> None:
    """The kernel's log names the group, or only a pid when it limits its rate; other groups' victims are left out."""
    assert victims_in(LOG, "/halfgig/x", ()) == (7,)
    assert victims_in(LOG, "/halfgig/x", (9,)) == (7, 9)
    assert victims_in("", "/halfgig/x", (9,)) == ()


def test_command_lines_are_for_people() -> None:
    """The program comes without its folder, and a long line is cut."""
    assert command_text(("/usr/bin/python3", "-m", "importer", "serve")) == "python3 -m importer serve"
    assert len(command_text(("x" * 500,))) == 120


def test_signals_have_names() -> None:
    """A real-time signal without a name is told by its number."""
    assert (signal_name(9), signal_name(40)) == ("SIGKILL", "SIG40")


def test_the_innermost_mount_decides_the_file_system() -> None:
    """A tmpfs over part of a disk is told apart."""
    mountinfo = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:5 / /var/tmp rw - tmpfs tmpfs rw\n"

    assert filesystem_of(Path("/var/tmp"), mountinfo) == "tmpfs"  # noqa: S108
    assert filesystem_of(Path("/var"), mountinfo) == "ext4"
