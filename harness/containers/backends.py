"""The backends there are, and which one is taken."""

from harness.containers.cgroup import CgroupBackend
from harness.containers.container import Backend
from harness.containers.watchdog import WatchdogBackend
from harness.errors import BackendError

AUTO = "auto"


def backends() -> tuple[Backend, ...]:
    """Every backend, the one whose limit is truest first."""
    return (CgroupBackend(), WatchdogBackend())


def choose(name: str, among: tuple[Backend, ...] | None = None) -> tuple[Backend, str]:
    """The backend `name`, or with `auto` the first that is available, and why; BackendError says what to do instead."""
    offered = backends() if among is None else among
    if name == AUTO:
        return _first_available(offered)
    backend = next((one for one in offered if one.name == name), None)
    if backend is None:
        known = ", ".join([AUTO, *(one.name for one in offered)])
        raise BackendError(f"there is no backend {name!r}; choose one of {known}")
    found = backend.availability()
    if not found.available:
        raise BackendError(f"the {name} backend is not available: {found.reason}; {found.remedy}".rstrip("; "))
    return backend, f"asked for; {found.reason}"


def sweep_all() -> int:
    """Remove what harnesses that are gone have left on any backend; how many containers that were."""
    return sum(backend.sweep_stale() for backend in backends())


def _first_available(offered: tuple[Backend, ...]) -> tuple[Backend, str]:
    missing: list[str] = []
    for backend in offered:
        found = backend.availability()
        if found.available:
            return backend, "; ".join([found.reason, *missing])
        missing.append(f"{backend.name} is not available: {found.reason}")
    raise BackendError(f"no backend is available here: {'; '.join(missing)}; `halfgig doctor` says what would help")
