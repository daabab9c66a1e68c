"""A copy of the importer with a bug in it, which only a test can start: its target file lies beside it."""

import re
import shutil
from pathlib import Path

from tests.planted.bugs import Bug, Patch

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ROOT / "scenarios" / "targets"


def plant(bug: Bug, folder: Path) -> Path:
    """Copy importer and target file into the new `folder`, put the bug in, and return the path of the target file.

    A target is started in the folder of its file, where `-m importer` finds the copy before anything installed.
    """
    copy = folder / "importer"
    shutil.copytree(ROOT / "importer", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for patch in bug.patches:
        apply(patch, copy)
    for name in ("importer.sql", "importer.invariants.sql"):
        shutil.copy(TARGETS / name, folder / name)
    target = folder / "importer.toml"
    target.write_text(_without_image((TARGETS / "importer.toml").read_text(encoding="utf-8")), encoding="utf-8")
    return target


def _without_image(text: str) -> str:
    """The target file without what its image is built from, which a copy does not have."""
    return re.sub(r"(?ms)^\[image\]\n.*?(?=^\[)", "", text)


def apply(patch: Patch, package: Path) -> None:
    """Replace the patch's text, which must be there once: a bug that no longer fits the code must not pass unseen."""
    path = package / patch.file
    text = path.read_text(encoding="utf-8")
    found = text.count(patch.old)
    if found != 1:
        raise ValueError(f"{path}: what is to be replaced stands there {found} times, not once: {patch.old!r}")
    path.write_text(text.replace(patch.old, patch.new), encoding="utf-8")
