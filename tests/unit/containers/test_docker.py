"""What is worked out around the Docker Engine without one."""

import json
import signal
from dataclasses import asdict

import pytest

from harness.containers.container import Exit, MemorySample
from harness.containers.docker_container import read_exit
from harness.containers.docker_engine import is_local
from harness.containers.docker_sampler import look_from
from harness.containers.look import Look
from harness.containers.processes import ProcessMemory

KERNEL = "6.1.0"


@pytest.mark.parametrize(
    ("code", "sent", "took", "expected"),
    [
        (0, set(), (), (0, None, False)),
        (3, set(), (), (3, None, False)),
        (137, set(), ("main",), (None, "SIGKILL", True)),
        (137, {signal.SIGKILL}, (), (None, "SIGKILL", False)),
        (137, set(), (), (137, None, False)),
        (143, {signal.SIGTERM}, (), (None, "SIGTERM", False)),
        (143, set(), (), (143, None, False)),
        (139, set(), (), (None, "SIGSEGV", False)),
    ],
)
def test_a_status_above_128_is_a_signal_where_it_must_be_one(
    code: int, sent: set[int], took: tuple[str, ...], expected: tuple[int | None, str | None, bool]
) -> None:
    """The engine writes signals as 128 and the number, which a target may also return by itself."""
    assert read_exit(code, sent, took, oom_killed=bool(took)) == Exit(*expected, took)


@pytest.mark.parametrize(
    ("where", "kernel", "system"),
    [
        ("unix:///var/run/docker.sock", "6.6.0-linuxkit", "Docker Desktop"),
        ("unix:///var/run/docker.sock", KERNEL, "Docker Desktop"),
        ("tcp://127.0.0.1:2375", KERNEL, "Debian GNU/Linux 12"),
    ],
)
def test_an_engine_is_local_only_on_this_very_kernel(where: str, kernel: str, system: str) -> None:
    """An engine in a virtual machine, or reached over a network, has pids and groups of its own."""
    assert is_local("unix:///run/docker.sock", {"KernelVersion": KERNEL, "OperatingSystem": "Debian"}, KERNEL)
    assert not is_local(where, {"KernelVersion": kernel, "OperatingSystem": system}, KERNEL)


def test_a_look_survives_its_way_through_the_sampler() -> None:
    """What the sampler container tells in JSON is the look that it took."""
    look = Look(
        sample=MemorySample(1, 2, 3, 4, 5, 6, 7.5),
        oom_kills=1,
        peak_bytes=9,
        memory={12: ProcessMemory(1, 2, 3, 4, 5, 6)},
        commands={12: "python x"},
        fresh=True,
    )

    assert look_from(as_told(look)) == look
    assert look_from({}) == Look()


def as_told(look: Look) -> dict[str, object]:
    """The look as it comes out of JSON, whose keys are texts."""
    told: dict[str, object] = json.loads(json.dumps(asdict(look)))
    return told
