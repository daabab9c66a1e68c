"""Nothing is left when the harness is interrupted or killed."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.containers.container import Backend
from harness.containers.hierarchy import read_hierarchies, stale_groups
from tests.integration.containers.conftest import DEADLINE_S, HERE, IMAGE, Bench

ROOT = HERE.parents[2]
Held = tuple[subprocess.Popen[str], dict[str, Any]]


@pytest.fixture
def held(bench: Bench, backend: Backend) -> Iterator[Held]:
    """A harness in a process of its own, and the pids of its target, the target's orphan and the guard."""
    command = [sys.executable, str(HERE / "hold.py"), backend.name, str(bench.folder), str(HERE / "allocate.py"), IMAGE]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as harness:
        try:
            assert bench.hear() == "orphan"
            assert harness.stdin is not None
            assert harness.stdout is not None
            harness.stdin.write("\n")
            harness.stdin.flush()
            yield harness, json.loads(harness.stdout.readline())
        finally:
            harness.kill()
            harness.wait()
            backend.sweep_stale()


def wait_until_gone(pids: list[int]) -> None:
    """Wait until all of `pids` ended."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended, _, _ = select.select([descriptor], [], [], DEADLINE_S)
        os.close(descriptor)
        assert ended, f"process {pid} is still there: {Path(f'/proc/{pid}/cmdline').read_text()!r}"


def test_an_interrupt_closes_the_container(held: Held) -> None:
    """Ctrl-C on the harness ends the target, its orphan and the guard."""
    harness, seen = held
    assert len(seen["pids"]) == 2

    harness.send_signal(signal.SIGINT)
    harness.wait(DEADLINE_S)

    wait_until_gone([*seen["pids"], seen["guard"]])


def test_the_guard_ends_the_target_of_a_killed_harness(held: Held, backend: Backend) -> None:
    """When the harness is killed, its target ends without anybody's help; a later sweep finds what is left."""
    harness, seen = held

    harness.kill()
    harness.wait()
    main = min(seen["pids"])

    wait_until_gone([main, seen["guard"]])
    backend.sweep_stale()
    wait_until_gone(seen["pids"])


def test_a_sweep_removes_what_a_killed_harness_left(held: Held, backend: Backend) -> None:
    """When the guard was killed too, the next harness ends the processes and removes the groups."""
    harness, seen = held
    os.kill(seen["guard"], signal.SIGKILL)
    wait_until_gone([seen["guard"]])
    harness.kill()
    harness.wait()

    assert backend.sweep_stale() >= 1

    wait_until_gone(seen["pids"])
    assert [path for mount in read_hierarchies().mounts for path in stale_groups(mount)] == []


def test_a_sweep_leaves_the_living_alone(held: Held, backend: Backend) -> None:
    """The containers of a harness that runs are never swept."""
    harness, seen = held

    backend.sweep_stale()

    assert harness.poll() is None
    for pid in seen["pids"]:
        os.kill(pid, 0)
