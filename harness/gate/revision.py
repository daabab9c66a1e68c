"""The other revision of a target: found in git, laid out in a folder of its own, and started there."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import GateError
from harness.scenario import Scenario

_GIT_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, as it was asked for and as it is."""

    asked: str
    commit: str
    repository: Path

    def __str__(self) -> str:
        return self.commit[:10] if self.commit.startswith(self.asked) else f"{self.asked} ({self.commit[:10]})"


def repository_of(scenario: Scenario) -> Path:
    """The git repository that holds the scenario's target file; GateError where it is in none."""
    path = scenario.target.path
    try:
        root = Path(_git(path.parent, "rev-parse", "--show-toplevel").strip()).resolve()
    except GateError as error:
        raise GateError(f"{path} is in no git repository, so there is no other revision of it ({error})") from None
    if _git_status(root, "check-ignore", "--quiet", str(path)) == 0:
        raise GateError(f"git ignores {path}, so no revision of {root} has it; copy the target file into the project")
    return root


def find_revision(repository: Path, asked: str) -> Revision:
    """The commit that a branch, tag or other name means."""
    if asked.startswith("-"):
        raise GateError(f"{asked!r} is not the name of a revision")
    try:
        commit = _git(repository, "rev-parse", "--verify", "--quiet", f"{asked}^{{commit}}")
    except GateError:
        shallow = _git(repository, "rev-parse", "--is-shallow-repository").strip() == "true"
        mend = "; this clone is shallow: `git fetch --unshallow` gets the rest" if shallow else ""
        raise GateError(f"{repository} has no revision {asked!r}{mend}") from None
    return Revision(asked, commit.strip(), repository)


def base_in_ci(repository: Path, environ: Mapping[str, str]) -> Revision | None:
    """What a CI job is to be compared with: the merge base of a request, else the commit before; None outside of CI."""
    request_base = environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")
    target = environ.get("GITHUB_BASE_REF")
    if request_base:
        return find_revision(repository, request_base)
    if target:
        branch = find_revision(repository, f"origin/{target}")
        found = _git(repository, "merge-base", "HEAD", branch.commit).strip()
        return replace(find_revision(repository, found), asked=f"merge base with {target}")
    return find_revision(repository, "HEAD~1") if environ.get("CI") else None


def head_of(repository: Path) -> str:
    """The commit that is checked out, with a `+` where the working tree differs from it; empty without one."""
    try:
        commit = _git(repository, "rev-parse", "HEAD").strip()
    except GateError:
        return ""
    return commit + ("+" if _git(repository, "status", "--porcelain", "--untracked-files=no").strip() else "")


@contextmanager
def laid_out(revision: Revision, folder: Path) -> Iterator[Path]:
    """All files of the revision in the new `folder`, removed afterwards; the repository is only read."""
    tree = folder.absolute()
    tree.mkdir(parents=True)
    # An index of its own: neither the user's index nor the list of worktrees is touched, not even by a kill.
    index = {"GIT_INDEX_FILE": str(tree.with_name(f"{tree.name}.index"))}
    try:
        _git(revision.repository, "read-tree", revision.commit, env=index)
        _git(revision.repository, "checkout-index", "--all", f"--prefix={tree}/", env=index)
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)
        Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)


def tracked_sources(repository: Path) -> tuple[str, ...]:
    """Every Python file that git tracks, or would if it were added, from the repository's root."""
    listed = _git(repository, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py")
    return tuple(name for name in listed.split("\0") if name)


def started_in(scenario: Scenario, repository: Path, tree: Path) -> Scenario:
    """The same scenario and target file, but the target is started in the same folder of another tree."""
    target = scenario.target
    path = _moved(target.path, repository, tree)
    path.parent.mkdir(parents=True, exist_ok=True)  # a revision from before the target file has no such folder
    image = target.image and replace(
        target.image,
        source=str(_moved(Path(target.image.source), repository, tree))
        if target.image.context
        else target.image.source,
        context=target.image.context and _moved(target.image.context, repository, tree),
        mounts=tuple(_moved(one, repository, tree) for one in target.image.mounts),
    )
    return replace(scenario, target=replace(target, path=path, image=image))


def _moved(path: Path, repository: Path, tree: Path) -> Path:
    """The same place in the other tree; what is outside of the repository stays where it is."""
    return tree / path.relative_to(repository) if path.is_relative_to(repository) else path


def _git(repository: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    told = _run_git(repository, arguments, env or {})
    if told.returncode:
        said = told.stderr.strip().splitlines()
        raise GateError(f"git {arguments[0]}: {said[-1] if said else f'status {told.returncode}'}")
    return told.stdout


def _git_status(repository: Path, *arguments: str) -> int:
    return _run_git(repository, arguments, {}).returncode


def _run_git(
    repository: Path, arguments: tuple[str, ...], env: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    # Variables that a git hook sets would point to another repository or index; with sudo in CI the owner is another.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(repository), *arguments],
            env={**clean, **env},
            timeout=_GIT_TIMEOUT_S,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise GateError("git is not installed; the gate needs it to get the other revision") from None
