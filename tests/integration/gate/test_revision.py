"""Another revision: found by its name, laid out beside, started there, and nothing of the repository is touched."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import GateError
from harness.gate.revision import base_in_ci, find_revision, head_of, laid_out, repository_of, started_in
from harness.scenario import Overrides, Scenario, load_scenario
from harness.service import Addresses, launch_at
from harness.target import SCENARIOS

from .conftest import commit_all


def _scenario(project: Path) -> Scenario:
    return load_scenario(str(project / "memory.toml"), Overrides())


def _git(project: Path, *command: str) -> str:
    return subprocess.run(("git", *command), cwd=project, check=True, timeout=60, capture_output=True, text=True).stdout


def test_the_other_revision_is_laid_out_and_removed_and_the_repository_is_as_before(project: Path) -> None:
    """Its files are those of the commit, not of the working tree; status, index and worktrees stay what they are."""
    (project / "service" / "service.py").write_text("changed")
    (project / "new.txt").write_text("new")
    _git(project, "add", "new.txt")
    before = _git(project, "status", "--porcelain")
    repository = repository_of(_scenario(project))
    with laid_out(find_revision(repository, "main"), project / "runs" / "base") as tree:
        assert "NOTES_HOARD_BYTES" in (tree / "service" / "service.py").read_text()
        assert not (tree / "new.txt").exists()
    assert list((project / "runs").iterdir()) == []
    assert _git(project, "status", "--porcelain") == before
    assert len(_git(project, "worktree", "list").splitlines()) == 1


def test_the_target_is_started_in_the_other_tree_with_this_trees_target_file(project: Path, tmp_path: Path) -> None:
    """The command runs in the same folder of the other tree; variables and SQL are those of the head's file."""
    scenario = _scenario(project)
    moved = started_in(scenario, project, tmp_path / "tree")
    launch = launch_at(moved, Addresses("postgresql://nowhere", "http://nowhere", 1), tmp_path)
    assert launch.cwd == tmp_path / "tree" / "service"
    assert launch.cwd.is_dir()
    assert moved.target.env == scenario.target.env


def test_the_other_revision_of_the_importer_is_what_is_imported(tmp_path: Path) -> None:
    """Although `importer` is installed from this tree, `-m importer` in the other tree finds that one's."""
    scenario, root = load_scenario("gate", Overrides()), SCENARIOS.parent
    tree = tmp_path / "tree"
    (tree / "importer").mkdir(parents=True)
    (tree / "importer" / "__init__.py").write_text("")
    (tree / "importer" / "__main__.py").write_text("import importer; print(importer.__file__)")
    for chosen, expected in ((scenario, root), (started_in(scenario, root, tree), tree)):
        launch = launch_at(chosen, Addresses("postgresql://nowhere", "http://nowhere", 1), tmp_path)
        assert launch.command[:3] == (sys.executable, "-m", "importer")
        question = (sys.executable, "-c", "import importer; print(importer.__file__)")
        told = subprocess.run(
            question, cwd=launch.cwd, env=dict(launch.env), capture_output=True, text=True, check=True
        )
        assert Path(told.stdout.strip()) == expected / "importer" / "__init__.py"


def test_a_revision_that_is_not_there_is_refused_by_its_name(project: Path) -> None:
    """One sentence, and no traceback; an option in disguise is no name."""
    repository = repository_of(_scenario(project))
    with pytest.raises(GateError, match="no revision 'nowhere'"):
        find_revision(repository, "nowhere")
    with pytest.raises(GateError, match="is not the name"):
        find_revision(repository, "--help")


def test_a_shallow_clone_is_told_how_to_get_the_rest(project: Path, tmp_path: Path) -> None:
    """That is what CI systems check out by default."""
    (project / "new.txt").write_text("new")
    commit_all(project, "more")
    _git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", "shallow")
    with pytest.raises(GateError, match="unshallow"):
        find_revision(tmp_path / "shallow", "HEAD~1")


def test_a_target_outside_of_any_repository_has_no_other_revision(project: Path, tmp_path: Path) -> None:
    """Neither has one that git ignores, as what is installed into a project's own virtual environment."""
    (project / ".git").rename(tmp_path / "elsewhere")
    with pytest.raises(GateError, match="in no git repository"):
        repository_of(_scenario(project))
    (tmp_path / "elsewhere").rename(project / ".git")
    shutil.copytree(project / "service", project / ".venv")
    (project / ".gitignore").write_text(".venv/\n")
    (project / "memory.toml").write_text('target = ".venv/notes.toml"\ncorpus = "./corpus.jsonl"\n')
    with pytest.raises(GateError, match="git ignores"):
        repository_of(_scenario(project))


def test_in_ci_the_merge_base_is_what_it_is_compared_with(project: Path) -> None:
    """Of a request the merge base with its target branch, else the commit before; outside of CI nothing."""
    fork = find_revision(project, "main").commit
    (project / "a.txt").write_text("on main")
    commit_all(project, "main goes on")
    _git(project, "update-ref", "refs/remotes/origin/main", "main")
    _git(project, "checkout", "--quiet", "-b", "topic", fork)
    (project / "b.txt").write_text("on topic")
    commit_all(project, "topic")
    asked = base_in_ci(project, {"CI": "true", "GITHUB_BASE_REF": "main"})
    assert asked is not None
    assert (asked.commit, asked.asked) == (fork, "merge base with main")
    gitlab = base_in_ci(project, {"CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": fork})
    assert gitlab is not None
    assert gitlab.commit == fork
    pushed = base_in_ci(project, {"CI": "true"})
    assert pushed is not None
    assert pushed.commit == fork
    assert base_in_ci(project, {}) is None


def test_the_commit_of_a_changed_tree_is_marked(project: Path) -> None:
    """A baseline says whose runs it holds."""
    commit = find_revision(project, "HEAD").commit
    assert head_of(project) == commit
    (project / "service" / "service.py").write_text("changed")
    assert head_of(project) == f"{commit}+"
