"""A repository of its own with the small service of tests/integration/notes, committed."""

import shutil
import subprocess
from pathlib import Path

import pytest

NOTES = Path(__file__).resolve().parents[1] / "notes"


def commit_all(folder: Path, message: str) -> None:
    """Commit everything as somebody."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for command in (("add", "."), (*who, "commit", "--quiet", "-m", message)):
        subprocess.run(("git", *command), cwd=folder, check=True, timeout=60)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The service below `service/`, a scenario and its corpus beside it, all in one commit."""
    folder = tmp_path / "project"
    shutil.copytree(NOTES, folder / "service", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "corpus.jsonl").write_text("".join(f'{{"text": "note {number}"}}\n' for number in range(100)))
    (folder / "memory.toml").write_text(
        'target = "service/notes.toml"\nlimit = "96MB"\nbudget = "100%"\ncorpus = "./corpus.jsonl"\n'
        "[imports]\nsizes = [20, 80]\n"
    )
    (folder / ".gitignore").write_text("__pycache__/\nruns/\n")
    subprocess.run(("git", "init", "--quiet", "--initial-branch=main", "."), cwd=folder, check=True, timeout=60)
    commit_all(folder, "as it was")
    return folder
