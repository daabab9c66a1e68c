"""The backends there are, and which one is taken."""

from harness.containers.cgroup import CgroupBackend
from harness.containers.container import Backend
from harness.containers.docker import DockerBackend
from harness.containers.systemd import SystemdBackend
from harness.containers.watchdog import WatchdogBackend
from harness.errors import BackendError
from harness.target_image import ImageOfTarget

AUTO = "auto"


def backends() -> tuple[Backend, ...]:
    """Every backend: those with the truest numbers first, and among them the one that costs least to start."""
    return (CgroupBackend(), SystemdBackend(), DockerBackend(), WatchdogBackend())


def choose(
    name: str, among: tuple[Backend, ...] | None = None, image: ImageOfTarget | None = None
) -> tuple[Backend, str]:
    """The backend `name`, or with `auto` the first that can hold a target with this `image`, and why.

    BackendError says what to do instead.
    """
    offered = backends() if among is None else among
    if name == AUTO:
        return _first_available(offered, image)
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


def _first_available(offered: tuple[Backend, ...], image: ImageOfTarget | None) -> tuple[Backend, str]:
    missing: list[str] = []
    for backend in offered:
        if backend.needs_image and image is None:
            missing.append(f"{backend.name} is passed over: the target names no image")
            continue
        found = backend.availability()
        if found.available:
            return backend, "; ".join([found.reason, *missing])
        missing.append(f"{backend.name} is not available: {found.reason}")
    raise BackendError(f"no backend is available here: {'; '.join(missing)}; `halfgig doctor` says what would help")
