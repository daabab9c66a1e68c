"""Containers of every backend that is available here, and the pipes on which a target talks to its test."""

import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.containers.backends import backends
from harness.containers.container import Backend, Container, ImageLaunch, Launch, Mount
from harness.containers.docker import SAMPLER_SWITCH

HERE = Path(__file__).parent
DEADLINE_S = 20.0
IMAGE = "python:3.11-slim-bookworm"
FORCED = "docker-sampler"
"""The docker backend that must look through its sampler container."""
BACKENDS = [
    "cgroup",
    "systemd",
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param(FORCED, marks=pytest.mark.docker),
    "watchdog",
]


@dataclass
class Bench:
    """What a test needs to run targets: a folder, and a pipe each way."""

    folder: Path
    told: int = field(init=False)
    asked: int = field(init=False)

    def __post_init__(self) -> None:
        for name in ("told", "asked"):
            os.mkfifo(self.folder / name)
            setattr(self, name, os.open(self.folder / name, os.O_RDWR | os.O_NONBLOCK))

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of a target."""
        return {"TOLD": f"{self.folder}/told", "ASKED": f"{self.folder}/asked", "SCRATCH": str(self.folder)}

    def launch(self, *actions: str, limit_bytes: int | None = None, cpus: float | None = None) -> Launch:
        """A target that does `actions` of allocate.py."""
        words = (str(HERE / "allocate.py"), *actions)
        return self.launch_words((sys.executable, *words), ("python3", *words), limit_bytes, cpus)

    def launch_words(
        self,
        command: tuple[str, ...],
        inside: tuple[str, ...],
        limit_bytes: int | None = None,
        cpus: float | None = None,
    ) -> Launch:
        """A target with this command, and this one where it is inside an image."""
        mounts = (Mount(self.folder, read_only=False), Mount(HERE, read_only=True))
        image = ImageLaunch(IMAGE, None, inside, mounts, self.env, port=8000)
        return Launch(command, self.env, self.folder, limit_bytes, cpus, self.folder / "log", "allocate", image=image)

    def hear(self) -> str:
        """The next line that the target says."""
        ready, _, _ = select.select([self.told], [], [], DEADLINE_S)
        assert ready, f"the target said nothing within {DEADLINE_S} s: {(self.folder / 'log').read_text()}"
        return os.read(self.told, 65536).decode().strip()

    def ask(self) -> None:
        """Let a target that hears go on."""
        os.write(self.asked, b"go\n")

    def close(self) -> None:
        """Close the pipes."""
        os.close(self.told)
        os.close(self.asked)


Start = Callable[..., Container]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Pipes and a folder for one test."""
    with closing(Bench(tmp_path)) as made:
        yield made


def available(name: str) -> Backend:
    """The backend `name`, or a skip that says why it is missing."""
    backend = next(one for one in backends() if one.name == name)
    found = backend.availability()
    if not found.available:
        # No installation makes a machine boot with systemd: `make test-vm` has one that does.
        never = "not on this machine: " if name == "systemd" else ""
        pytest.skip(f"{never}backend {name}: {found.reason}; {found.remedy}")
    return backend


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Each backend in turn."""
    if request.param != FORCED:
        return available(request.param)
    monkeypatch.setenv(SAMPLER_SWITCH, "always")
    return available("docker")


@pytest.fixture
def start(bench: Bench, backend: Backend) -> Iterator[Start]:
    """Starts `start(*actions, limit_bytes=…, cpus=…)` in a container that is closed after the test."""
    with ExitStack() as stack:

        def begin(*actions: str, limit_bytes: int | None = None, cpus: float | None = None) -> Container:
            container = backend.create(bench.launch(*actions, limit_bytes=limit_bytes, cpus=cpus))
            stack.callback(container.close)
            container.start()
            return container

        yield begin
