"""When the launcher has memray told the stack, and when it leaves that to memray's hook."""

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

import pytest

from harness.memory.launcher import load_memray, read_stacks_lazily


@pytest.fixture
def memray() -> ModuleType:
    """A module that says that it is the memray which lazy_stack is made for."""
    made = ModuleType("memray")
    made.__version__ = "1.20.7"  # type: ignore[attr-defined]
    return made


def test_another_memray_is_followed_by_its_hook(memray: ModuleType, tmp_path: Path) -> None:
    """What it asks, and when, is not known."""
    memray.__version__ = "1.21.0"  # type: ignore[attr-defined]
    assert read_stacks_lazily(memray, str(tmp_path), 12) == "it is made for memray 1.20.*, not 1.21.0"


def test_a_file_that_cannot_be_loaded_is_no_end(memray: ModuleType, tmp_path: Path) -> None:
    """A lazy_stack of another machine, or none: the program is traced all the same."""
    assert "not compiled for this Python" in read_stacks_lazily(memray, str(tmp_path), 12)
    (tmp_path / f"lazy_stack{EXTENSION_SUFFIXES[0]}").write_bytes(b"no library")
    assert "lazy_stack" in read_stacks_lazily(memray, str(tmp_path), 12)


def test_memray_is_loaded_without_what_only_draws() -> None:
    """Stubs of rich stand in only while memray is loaded."""
    before = {name for name in sys.modules if name.partition(".")[0] == "rich"}
    assert load_memray().Tracker
    assert {name for name in sys.modules if name.partition(".")[0] == "rich"} == before
