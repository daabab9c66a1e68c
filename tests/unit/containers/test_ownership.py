"""Names that outlive their harness, who was killed, and what is started."""

import os
from pathlib import Path, PurePosixPath

import pytest

from harness.containers.container import Launch
from harness.containers.hierarchy import Mount, stale_groups
from harness.containers.launcher import find_program
from harness.containers.owner import is_stale, new_name
from harness.containers.victims import Victims
from harness.errors import BackendError


def test_a_name_of_this_process_is_not_stale() -> None:
    """What a running harness made is left alone."""
    assert not is_stale(new_name())


def test_a_name_is_stale_once_its_harness_is_gone() -> None:
    """A pid that now belongs to another process, by its start time, does not keep a name alive."""
    pid, start_ticks, rest = new_name().split("-", 2)

    assert is_stale(f"{pid}-{int(start_ticks) + 1}-{rest}")


@pytest.mark.parametrize("name", ["", "other", "1-2-3", "1-2-3-zzzzzzzz", "{pid}-1-1-00000000"])
def test_foreign_names_are_never_stale(name: str) -> None:
    """Neither what nobody of us named nor what another pid namespace's harness made is touched."""
    assert not is_stale(name.format(pid=os.getpid()))


def test_only_groups_below_our_own_folder_are_swept(tmp_path: Path) -> None:
    """A stale name elsewhere in the hierarchy is somebody else's."""
    pid, start_ticks, rest = new_name().split("-", 2)
    stale = f"{pid}-{int(start_ticks) + 1}-{rest}"
    for folder in (f"a/halfgig/{stale}", f"a/halfgig/{new_name()}", f"b/other/{stale}"):
        (tmp_path / folder).mkdir(parents=True)

    assert stale_groups(Mount(2, PurePosixPath("/"), tmp_path, frozenset())) == (tmp_path / "a/halfgig" / stale,)


def test_the_kernel_log_names_the_victim() -> None:
    """A victim in the log is named, though other processes vanished too."""
    victims = Victims("/g")
    victims.observe({1: "main (x)", 2: "child y", 3: "child z"}, 0, "")

    victims.observe({1: "main (x)"}, 1, "Killed process 2 (y) total-vm")

    assert victims.names == ("child y",)
    assert not victims.took(1)


def test_without_a_log_the_victim_is_who_vanished() -> None:
    """When the count rises before the process is gone, it is named as soon as it is."""
    victims = Victims("/g")
    victims.observe({1: "main (x)", 2: "child y"}, 0, "")
    victims.observe({1: "main (x)", 2: "child y"}, 1, "")
    assert victims.unexplained(1)

    victims.observe({1: "main (x)"}, 1, "")

    assert victims.names == ("child y",)


def test_who_ends_by_itself_is_no_victim() -> None:
    """A process that vanishes while the count stands still was not killed."""
    victims = Victims("/g")
    victims.observe({1: "main (x)", 2: "child y"}, 0, "")

    victims.observe({1: "main (x)"}, 0, "")

    assert victims.names == ()


def launch(command: str, env: dict[str, str], cwd: Path) -> Launch:
    """A launch of `command`."""
    return Launch((command,), env, cwd, None, None, cwd / "log", "target")


def test_a_program_is_found_in_the_path_of_the_target(tmp_path: Path) -> None:
    """The harness's own PATH does not count."""
    program = tmp_path / "serve"
    program.touch(mode=0o755)

    assert find_program(launch("serve", {"PATH": str(tmp_path)}, tmp_path)) == str(program)
    assert find_program(launch("./serve", {}, tmp_path)) == str(program)
    with pytest.raises(BackendError, match="no program 'serve' in its PATH"):
        find_program(launch("serve", {"PATH": "/nowhere"}, tmp_path))
    with pytest.raises(BackendError, match="is not a program"):
        find_program(launch("./other", {}, tmp_path))
