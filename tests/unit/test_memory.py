"""The importer's own view of its memory cgroup."""

from pathlib import Path

import pytest

from importer.memory import MemoryState, read_memory


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def _v1(limit: str, usage: str, kills: int = 0) -> dict[str, str]:
    return {
        "memory.limit_in_bytes": f"{limit}\n",
        "memory.usage_in_bytes": f"{usage}\n",
        "memory.stat": "cache 5\ninactive_file 1\ntotal_inactive_file 30\n",
        "memory.oom_control": f"oom_kill_disable 0\nunder_oom 0\noom_kill {kills}\n",
    }


def _v2(limit: str, usage: str, kills: int = 0) -> dict[str, str]:
    return {
        "memory.max": f"{limit}\n",
        "memory.current": f"{usage}\n",
        "memory.stat": "anon 5\ninactive_file 30\n",
        "memory.events": f"low 0\noom 7\noom_kill {kills}\n",
    }


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    """What stands in for /proc/self/cgroup."""
    return tmp_path / "membership"


def test_v1_takes_the_tightest_limit_above(membership: Path, tmp_path: Path) -> None:
    """Usage is that of the group which is limited; kills are those of our own."""
    membership.write_text("4:memory:/held/target\n1:cpu:/\n0::/\n")
    _write(tmp_path / "memory", _v1("9223372036854771712", "9000"))
    _write(tmp_path / "memory/held", _v1("1000", "530"))
    _write(tmp_path / "memory/held/target", _v1("9223372036854771712", "400", kills=2))
    state = read_memory(membership, tmp_path)
    assert state == MemoryState(usage_bytes=500, limit_bytes=1000, oom_kills=2)
    assert state.headroom_bytes == 500


def test_v2_takes_the_tightest_limit_above(membership: Path, tmp_path: Path) -> None:
    """The root has no files of its own."""
    membership.write_text("0::/held/target\n")
    _write(tmp_path / "held", _v2("2000", "630"))
    _write(tmp_path / "held/target", _v2("1000", "430", kills=1))
    assert read_memory(membership, tmp_path) == MemoryState(400, 1000, 1)


def test_in_a_container_the_root_is_our_own_group(membership: Path, tmp_path: Path) -> None:
    """Both with a namespace (the path says /) and without (it is that of the host, which is not there)."""
    _write(tmp_path, _v2("1000", "130"))
    for path in ("/", "/docker/0123", "/../other"):
        membership.write_text(f"0::{path}\n")
        assert read_memory(membership, tmp_path) == MemoryState(100, 1000, 0)


def test_no_limit_is_none(membership: Path, tmp_path: Path) -> None:
    """Unlimited, and a kernel without memory cgroup."""
    membership.write_text("0::/\n")
    assert read_memory(membership, tmp_path / "nothing") == MemoryState(0, None, 0)
    _write(tmp_path, _v2("max", "130"))
    state = read_memory(membership, tmp_path)
    assert state == MemoryState(100, None, 0)
    assert state.headroom_bytes is None
    assert read_memory(tmp_path / "missing", tmp_path / "nothing") == MemoryState(0, None, 0)
