"""Run directories are found by what people type, and pruning never leaves their root."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reports.errors import RunDirectoryError
from reports.run_directory import RunDirectory, create_run_directory, find_run, list_runs, prune_runs, run_directory

START = datetime(2026, 11, 22, 15, 45, 1, tzinfo=UTC)
LATER = START + timedelta(days=2)


def _runs(root: Path, count: int) -> list[RunDirectory]:
    made = [create_run_directory(root, "run", START + timedelta(minutes=place)) for place in range(count)]
    for run in made:
        (run.path / "result.json").write_text("{}", encoding="utf-8")
    return made


def test_a_directory_is_named_after_time_and_id(tmp_path: Path) -> None:
    """The name sorts by time, and what is listed is what was made."""
    run = create_run_directory(tmp_path / "runs", "run", START)
    assert run.path.name == f"20261122T154501Z-{run.id}"
    assert list_runs(tmp_path / "runs") == (run,)
    assert not run.finished


def test_runs_are_listed_newest_first_and_nothing_else_is(tmp_path: Path) -> None:
    """Other folders, files, impossible times and links are not runs."""
    made = _runs(tmp_path, 3)
    create_run_directory(tmp_path, "crash", START + timedelta(hours=1))
    (tmp_path / "run" / "notes").mkdir()
    (tmp_path / "run" / "20261399T000000Z-abcdef").mkdir()
    (tmp_path / "run" / "20261122T154501Z-abcdef").write_text("a file", encoding="utf-8")
    (tmp_path / "run" / "20261122T154502Z-abcdef").symlink_to(made[0].path)
    (tmp_path / "linked").symlink_to(tmp_path / "run")
    assert [run.verb for run in list_runs(tmp_path)] == ["crash", "run", "run", "run"]
    assert [run.id for run in list_runs(tmp_path)][1:] == [run.id for run in reversed(made)]
    assert list_runs(tmp_path / "nowhere") == ()


def test_a_run_is_found_by_what_people_type(tmp_path: Path) -> None:
    """`last`, the start of an id, the start of a name, a path."""
    first, second = _runs(tmp_path, 2)
    assert find_run(tmp_path, "last") == second
    assert find_run(tmp_path, first.id) == first
    assert find_run(tmp_path, "20261122T154501") == first
    assert find_run(tmp_path, str(first.path)).path == first.path
    assert find_run(tmp_path / "nowhere", str(first.path)).path == first.path


def test_what_is_not_found_is_said(tmp_path: Path) -> None:
    """No runs, no such run, and a name that fits several."""
    with pytest.raises(RunDirectoryError, match="no runs in"):
        find_run(tmp_path, "last")
    _runs(tmp_path, 2)
    with pytest.raises(RunDirectoryError, match="names 2 runs"):
        find_run(tmp_path, "2026")
    for wanted in ("zzz", "", "../.."):
        with pytest.raises(RunDirectoryError, match="no run in"):
            find_run(tmp_path, wanted)


@pytest.mark.parametrize(
    ("keep", "older_than_s", "left"),
    [
        (2, None, [3, 4]),
        (0, None, []),
        (9, None, [0, 1, 2, 3, 4]),
        (None, 2 * 86400 - 90, [2, 3, 4]),
        (4, 0, [1, 2, 3, 4]),
    ],
)
def test_pruning_keeps_the_newest(
    keep: int | None, older_than_s: float | None, left: list[int], tmp_path: Path
) -> None:
    """Beyond the newest N, and older than a time; with both, only what is both."""
    made = _runs(tmp_path, 5)
    gone = prune_runs(tmp_path, keep, older_than_s, LATER)
    assert sorted(run.id for run in list_runs(tmp_path)) == sorted(made[place].id for place in left)
    assert len(gone) == 5 - len(left)


@pytest.mark.parametrize(("keep", "older_than_s"), [(None, None), (-1, None), (None, -5.0)])
def test_pruning_without_a_rule_is_refused(keep: int | None, older_than_s: float | None, tmp_path: Path) -> None:
    """Nothing is removed unless somebody said what."""
    made = _runs(tmp_path, 1)
    with pytest.raises(RunDirectoryError):
        prune_runs(tmp_path, keep, older_than_s, LATER)
    assert made[0].path.is_dir()


def test_pruning_never_leaves_the_root(tmp_path: Path) -> None:
    """Links are neither followed nor taken for runs, at any level; what they lead to stays."""
    outside = tmp_path / "outside"
    elsewhere = _runs(outside, 1)[0]
    root = tmp_path / "runs"
    made = _runs(root, 1)[0]
    (root / "run" / "20200101T000000Z-aaaaaa").symlink_to(elsewhere.path)
    (root / "crash").symlink_to(outside / "run")
    (made.path / "link").symlink_to(outside)
    assert prune_runs(root, 0, None, LATER) == (made,)
    assert (elsewhere.path / "result.json").is_file()
    assert not made.path.exists()


def test_a_root_that_is_a_link_is_still_a_root(tmp_path: Path) -> None:
    """Somebody may keep runs on another disk."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    _runs(tmp_path / "runs", 2)
    assert len(prune_runs(tmp_path / "runs", 1, None, LATER)) == 1


def test_what_may_still_be_running_is_spared(tmp_path: Path) -> None:
    """A directory without a result goes only once nothing in it has changed for an hour."""
    run = create_run_directory(tmp_path, "run", START)
    samples = run.path / "samples.jsonl"
    samples.write_text("", encoding="utf-8")
    for path in (samples, run.path):
        os.utime(path, (LATER.timestamp() - 60,) * 2)
    assert prune_runs(tmp_path, 0, None, LATER) == ()
    assert prune_runs(tmp_path, 0, None, LATER + timedelta(hours=2)) == (run,)


def test_a_run_that_leaves_nothing_has_no_directory(tmp_path: Path) -> None:
    """A refused run left an empty folder behind, which `halfgig runs list` told as one that does not end."""
    with pytest.raises(RuntimeError), run_directory(tmp_path / "runs", "run", START):
        raise RuntimeError
    assert not (tmp_path / "runs" / "run").exists()
    with run_directory(tmp_path / "runs", "run", START) as path:
        (path / "target.log").touch()
    assert path.is_dir()
