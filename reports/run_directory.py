"""Run directories, `runs/<verb>/<time>-<id>/`: naming, listing, finding, pruning."""

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reports.errors import RunDirectoryError

RESULT, SAMPLES, EVENTS = "result.json", "samples.jsonl", "events.jsonl"
LEDGER, FAILURES, TARGET_LOG, REPORT = "ledger.jsonl", "failures.jsonl", "target.log", "report.html"

UNFINISHED_GRACE_S = 3600.0
"""A directory without a result is spared by pruning while anything in it is younger: it may still be running."""

_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{6})")
_VERB = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """One run directory, by its name."""

    path: Path
    verb: str
    id: str
    started: datetime
    """UTC."""

    @property
    def finished(self) -> bool:
        """Whether it has a result."""
        return (self.path / RESULT).is_file()


def create_run_directory(root: Path, verb: str, moment: datetime) -> RunDirectory:
    """Make a new directory for a run of `verb` that starts at `moment` (with a time zone)."""
    stamp = moment.astimezone(UTC)
    path = root / verb / f"{stamp.strftime(_TIME)}-{secrets.token_hex(3)}"
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be made ({error.strerror}); choose another folder for runs") from error
    return RunDirectory(path, verb, path.name.rpartition("-")[2], stamp.replace(microsecond=0))


@contextmanager
def run_directory(root: Path, verb: str, moment: datetime) -> Iterator[Path]:
    """A new directory for a run; where nothing comes to lie in it, as when the run is refused, it is gone again."""
    path = create_run_directory(root, verb, moment).path
    try:
        yield path
    finally:
        with suppress(OSError):  # those that hold something stay
            path.rmdir()
            path.parent.rmdir()


def list_runs(root: Path) -> tuple[RunDirectory, ...]:
    """Every run directory under `root`, newest first; links and anything with another name are left out."""
    found = (one for verb in _folders(root) if _VERB.fullmatch(verb.name) for one in _runs(verb))
    return tuple(sorted(found, key=lambda run: (run.started, run.path.name), reverse=True))


def find_run(root: Path, wanted: str) -> RunDirectory:
    """The run that `wanted` names: `last`, the start of an id or of a directory's name, or a path to any folder."""
    runs = list_runs(root)
    if wanted == "last" and runs:
        return runs[0]
    found = [run for run in runs if _named(run, wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(run.path.name for run in found[:5])
        raise RunDirectoryError(f"{wanted!r} names {len(found)} runs ({several}); give more of the id")
    if (Path(wanted) / RESULT).is_file():
        return _elsewhere(Path(wanted).resolve())
    if not runs:
        raise RunDirectoryError(f"no runs in {root}; `halfgig run` makes one")
    raise RunDirectoryError(f"no run in {root} is called {wanted!r}; `halfgig runs list` lists them")


def _elsewhere(path: Path) -> RunDirectory:
    """A folder with a result that need not stand in `runs`, nor have a run's name: one that was sent by somebody."""
    written = datetime.fromtimestamp((path / RESULT).stat().st_mtime, UTC)
    return RunDirectory(path, path.parent.name, path.name.rpartition("-")[2], written)


def choose_for_pruning(
    runs: tuple[RunDirectory, ...], keep: int | None, older_than_s: float | None, now: datetime
) -> tuple[RunDirectory, ...]:
    """Those of `runs` (newest first) beyond the newest `keep` that started more than `older_than_s` before `now`."""
    if keep is None and older_than_s is None:
        raise RunDirectoryError("nothing says what to prune; give --keep N, --older-than TIME, or both")
    if (keep or 0) < 0 or (older_than_s or 0) < 0:
        raise RunDirectoryError("--keep and --older-than cannot be negative")
    beyond = runs[keep or 0 :]
    return tuple(run for run in beyond if (now - run.started).total_seconds() >= (older_than_s or 0))


def prune_runs(root: Path, keep: int | None, older_than_s: float | None, now: datetime) -> tuple[RunDirectory, ...]:
    """Remove what `choose_for_pruning` chooses and return it; what may still be running is spared."""
    chosen = choose_for_pruning(list_runs(root), keep, older_than_s, now)
    return tuple(run for run in chosen if not _may_be_running(run, now) and _remove(root, run))


def _remove(root: Path, run: RunDirectory) -> bool:
    # The names were checked when they were listed; a link put in their place since then is not followed.
    if run.path.parent.parent.resolve() != root.resolve() or run.path.resolve() != _place(root, run):
        return False
    try:
        shutil.rmtree(run.path)
    except OSError as error:
        raise RunDirectoryError(f"{run.path}: cannot be removed ({error.strerror})") from error
    return True


def _place(root: Path, run: RunDirectory) -> Path:
    return root.resolve() / run.verb / run.path.name


def _may_be_running(run: RunDirectory, now: datetime) -> bool:
    if run.finished:
        return False
    touched = max((one.lstat().st_mtime for one in (run.path, *run.path.iterdir())), default=time.time())
    return now.timestamp() - touched < UNFINISHED_GRACE_S


def _named(run: RunDirectory, wanted: str) -> bool:
    return bool(wanted) and (run.id.startswith(wanted) or run.path.name.startswith(wanted))


def _runs(verb: Path) -> Iterator[RunDirectory]:
    for path in _folders(verb):
        name = _NAME.fullmatch(path.name)
        started = name and _moment(name[1])
        if name and started:
            yield RunDirectory(path, verb.name, name[2], started)


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, _TIME).replace(tzinfo=UTC)
    except ValueError:  # 20261399T000000Z looks like a time and is none
        return None


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return [path for path in parent.iterdir() if path.is_dir() and not path.is_symlink()]
