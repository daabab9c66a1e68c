"""What a container is: the protocol that every backend fits, and the frozen objects that cross it."""

import os
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

GATEWAY = "host.docker.internal"
"""The name by which a container calls this machine where the engine has a machine of its own."""
_LOOK_EVERY_S = 0.01


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine that a target finds inside its image, at the same path."""

    path: Path
    read_only: bool


@dataclass(frozen=True, slots=True)
class ImageLaunch:
    """How a target is started from an image, where the backend takes one."""

    source: str
    """The name of an image, or with `context` the path of the Dockerfile that it is built from."""
    context: Path | None
    command: tuple[str, ...]
    """Empty: the image's own."""
    mounts: tuple[Mount, ...]
    gateway_env: Mapping[str, str]
    """The whole environment where the target reaches this machine through the engine's gateway, and is reached at
    `port` of all its addresses."""
    port: int


@dataclass(frozen=True, slots=True)
class Launch:
    """How a target is started: `env` is its whole environment, `limit_bytes` and `cpus` (1.0 is one CPU) bound it."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    limit_bytes: int | None
    cpus: float | None
    log_path: Path
    name: str
    oom_group: bool = False
    image: ImageLaunch | None = None


@dataclass(frozen=True, slots=True)
class MemorySample:
    """What the container holds at one moment; `kernel_bytes` is kernel memory that cannot be reclaimed."""

    anon_bytes: int
    shmem_bytes: int
    file_bytes: int
    inactive_file_bytes: int
    kernel_bytes: int
    total_bytes: int
    cpu_s: float

    @property
    def unreclaimable_bytes(self) -> int:
        """Anonymous, shared (tmpfs too) and kernel memory: what the OOM killer is about."""
        return self.anon_bytes + self.shmem_bytes + self.kernel_bytes

    @property
    def working_set_bytes(self) -> int:
        """Everything charged less inactive file cache: what dashboards show."""
        return max(self.total_bytes - self.inactive_file_bytes, 0)


@dataclass(frozen=True, slots=True)
class Counters:
    """What only grows, over every start of the target in its container.

    `kernel_peak_bytes` is the group's own high-water mark (None where there is none), `rss_peak_bytes` VmHWM of the
    main process, `killed` names the processes that `oom_kills` counts, as far as they are known.
    """

    kernel_peak_bytes: int | None
    rss_peak_bytes: int
    oom_kills: int
    killed: tuple[str, ...]
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Exit:
    """How the main process ended; `oom_killed` is known by the count of OOM kills, never by status 137."""

    code: int | None
    signal: str | None
    oom_killed: bool
    killed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a backend can be used here, why, and what would make it usable."""

    available: bool
    reason: str
    remedy: str = ""
    cgroup_version: int | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """What a target finds inside its image instead of what this machine has; texts are empty where nobody can tell."""

    image: str
    python: str
    libc: str
    versions: Mapping[str, str]
    """Packages of Python by name."""


class Container(Protocol):
    """One place with one limit, in which the target runs, is observed and is started again."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the launch could not be enforced, one sentence each."""

    @property
    def provenance(self) -> Mapping[str, str]:
        """For each peak (`unreclaimable_bytes`, `cgroup_bytes`, `rss_bytes`): whose figure it is."""

    @property
    def pid(self) -> int | None:
        """The main process, None while it does not run."""

    def start(self) -> None:
        """Start the target, again after an exit: in the same container, and its counters go on."""

    def poll(self) -> Exit | None:
        """How the main process ended, None while it runs; once it has ended, nothing else of it is left running."""

    def signal(self, number: int) -> None:
        """Send a signal to the main process; nothing happens when it has ended."""

    def pids(self) -> tuple[int, ...]:
        """Every process in the container."""

    def sample(self) -> MemorySample:
        """Measure now; cheap enough for twenty times a second."""

    def counters(self) -> Counters:
        """What has been counted so far; still known after `close`."""

    def set_limit(self, limit_bytes: int) -> None:
        """Change the memory limit of the running container."""

    def close(self) -> None:
        """Kill and remove everything; may be called again."""


class Backend(Protocol):
    """A way to hold a target inside a limit."""

    @property
    def name(self) -> str:
        """What `--backend` calls it."""

    @property
    def simulated(self) -> bool:
        """Whether something other than the kernel enforces the limit."""

    @property
    def needs_image(self) -> bool:
        """Whether it starts a target from an image only."""

    def availability(self) -> Availability:
        """Whether this machine and this user can use it."""

    def create(self, launch: Launch) -> Container:
        """A container for `launch`, not yet started; BackendError when it cannot be had."""

    def inside(self, launch: Launch) -> Inside | None:
        """What the target of `launch` runs on, None where that is what this machine has."""

    def sweep_stale(self) -> int:
        """Remove what harnesses that are gone have left; how many containers that were."""


def wait_for_exit(container: Container, timeout_s: float) -> Exit | None:
    """Wait until the main process ends, at most `timeout_s`; None when it still runs then."""
    pid = container.pid
    ended = container.poll()
    if ended is not None:
        return ended
    if pid is None:
        return _look_again(container, timeout_s)
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return container.poll()
    try:
        select.select([descriptor], [], [], timeout_s)
    finally:
        os.close(descriptor)
    return container.poll()


def _look_again(container: Container, timeout_s: float) -> Exit | None:
    """The same for a main process of another machine, which has no pid here."""
    deadline_s = time.monotonic() + timeout_s
    ended = container.poll()
    while ended is None and time.monotonic() < deadline_s:
        time.sleep(_LOOK_EVERY_S)
        ended = container.poll()
    return ended
