"""The oracle finds each planted bug by the invariant that is named for it, and nothing in the real importer."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.crash.oracle.invariants import INVARIANTS, broken_names, judge
from harness.service import Addresses, launch_at
from harness.target import Target, load_target
from tests.planted.bugs import BUGS, IN_CI, SHUFFLED_VECTORS, Bug, Patch
from tests.planted.conftest import Sound
from tests.planted.copied_importer import apply, plant

OFFERED = frozenset(need for one in INVARIANTS for need in one.needs)
MARKED = [pytest.param(bug, id=bug.name, marks=() if bug in IN_CI else pytest.mark.planted) for bug in BUGS]


def _target(path: Path) -> Target:
    return load_target(str(path), path.parent)


@pytest.mark.parametrize("bug", MARKED)
def test_a_planted_bug_breaks_the_invariant_that_is_named_for_it(sound: Sound, tmp_path: Path, bug: Bug) -> None:
    """One cycle is enough, at the point where the bug does its harm."""
    evidence = sound.crash(bug.points, _target(plant(bug, tmp_path / "copy")))
    judged = judge(evidence, OFFERED)
    said = {one.name: one.judgement for one in judged}[bug.invariant]
    assert said.outcome == "broken", (said, broken_names(judged))


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(points, marks=() if points in {one.points for one in IN_CI} else pytest.mark.planted)
        for points in sorted({bug.points for bug in BUGS})
    ],
)
def test_the_real_importer_breaks_nothing_where_the_bugs_show(sound: Sound, points: str) -> None:
    """The same cycles without the bug pass: it is the bug that was found."""
    judged = judge(sound.crash(points), OFFERED)
    assert broken_names(judged) == (), [one for one in judged if one.judgement.outcome == "broken"]


def test_the_copy_is_what_runs(sound: Sound, tmp_path: Path) -> None:
    """Started as the harness starts it, `importer` is the copy beside the target file, and not the real one."""
    path = plant(SHUFFLED_VECTORS, tmp_path / "copy")
    scenario = sound.recorded.scenario
    launch = launch_at(scenario, Addresses("postgresql://nowhere", "http://nowhere", 1), tmp_path)
    question = "import importer; print(importer.__file__)"
    assert launch.command[1:3] == ("-m", "importer")
    told = subprocess.run(
        (sys.executable, "-c", question), env=dict(launch.env), cwd=_target(path).path.parent, timeout=30,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(told.stdout.strip()) == tmp_path / "copy" / "importer" / "__init__.py"


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_bug_still_fits_the_code(tmp_path: Path, bug: Bug) -> None:
    """Each patch finds its place exactly once, and what comes of it is still Python."""
    copy = plant(bug, tmp_path / "copy").parent
    for patch in bug.patches:
        assert patch.new in (copy / "importer" / patch.file).read_text(encoding="utf-8")
        if patch.file.endswith(".py"):
            compile((copy / "importer" / patch.file).read_bytes(), patch.file, "exec")


@pytest.mark.parametrize(("text", "times"), [("", 0), ("old old", 2)])
def test_a_patch_that_does_not_fit_once_is_refused(tmp_path: Path, text: str, times: int) -> None:
    """A bug cannot rot silently when the importer changes."""
    (tmp_path / "a.py").write_text(text)
    with pytest.raises(ValueError, match=f"{times} times"):
        apply(Patch("a.py", "old", "new"), tmp_path)


def test_every_bug_is_named_for_an_invariant() -> None:
    """The name that must be found is one that the oracle has."""
    assert {bug.invariant for bug in BUGS} <= {one.name for one in INVARIANTS}
