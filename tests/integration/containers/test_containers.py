"""What every backend promises, held against each one that is available."""

import json
import os
import signal

import pytest

from harness.containers.container import Backend, wait_for_exit
from harness.containers.docker_engine import connect
from harness.containers.processes import read_state
from harness.errors import BackendError
from tests.integration.containers.conftest import DEADLINE_S, IMAGE, Bench, Start

MIB = 2**20
CLOSE_BYTES = 4 * MIB


def test_a_target_over_its_limit_is_killed_and_named(start: Start) -> None:
    """The limit holds, the kill is counted, and the main process is named."""
    container = start("anon:200", "stay", limit_bytes=64 * MIB)

    ended = wait_for_exit(container, DEADLINE_S)

    assert ended is not None
    assert (ended.code, ended.signal, ended.oom_killed) == (None, "SIGKILL", True)
    assert container.counters().oom_kills == 1
    assert [name.startswith("main (python") for name in ended.killed] == [True]


def test_a_killed_child_is_named_and_the_target_lives(start: Start, bench: Bench) -> None:
    """An OOM kill of a child is told apart from one of the target."""
    container = start("child:say:up+hear+anon:200", "say:alive", "stay", limit_bytes=64 * MIB)
    assert bench.hear() == "up"
    container.sample()  # who was never seen alive has a name only in the kernel's log, which not everybody may read
    bench.ask()
    assert bench.hear() == "alive"

    assert container.poll() is None
    container.sample()
    counters = container.counters()

    assert counters.oom_kills == 1
    assert len(counters.killed) == 1
    assert counters.killed[0].startswith("child ")


def test_a_sigkill_of_ours_is_no_oom_kill(start: Start, bench: Bench) -> None:
    """A process that was killed by a signal alone is not told as an OOM kill."""
    container = start("say:up", "stay", limit_bytes=64 * MIB)
    bench.hear()

    container.signal(signal.SIGKILL)
    ended = wait_for_exit(container, DEADLINE_S)

    assert ended is not None
    assert (ended.signal, ended.oom_killed, ended.killed) == ("SIGKILL", False, ())


def test_status_137_is_no_oom_kill(start: Start) -> None:
    """A target that ends with status 137 by itself was not killed."""
    ended = wait_for_exit(start("exit:137", limit_bytes=64 * MIB), DEADLINE_S)

    assert ended is not None
    assert (ended.code, ended.signal, ended.oom_killed) == (137, None, False)


def test_each_kind_of_memory_is_measured(start: Start, bench: Bench) -> None:
    """Anonymous and shared memory of a known size are seen as such, and VmHWM of the main process covers them."""
    container = start("say:up", "hear", "anon:40", "shmem:20", "say:taken", "stay")
    bench.hear()
    before = container.sample()
    bench.ask()
    bench.hear()

    after = container.sample()
    counters = container.counters()

    assert after.anon_bytes - before.anon_bytes == pytest.approx(40 * MIB, abs=CLOSE_BYTES)
    assert after.shmem_bytes - before.shmem_bytes == pytest.approx(20 * MIB, abs=CLOSE_BYTES)
    assert after.unreclaimable_bytes - before.unreclaimable_bytes == pytest.approx(60 * MIB, abs=CLOSE_BYTES)
    assert 60 * MIB < counters.rss_peak_bytes < 90 * MIB
    assert 0 < after.kernel_bytes < CLOSE_BYTES


def test_the_target_gets_only_the_given_environment(start: Start, bench: Bench, backend: Backend) -> None:
    """Nothing of the harness's environment, nor of a shell or an engine, reaches the target; an image has its own."""
    start("environment", "stay")
    own = {"LC_CTYPE"} | (image_variables() | {"HOME"} if backend.name == "docker" else set())  # Python's own addition

    seen = json.loads(bench.hear())

    assert {name: value for name, value in seen.items() if name not in own} == bench.env


def image_variables() -> set[str]:
    """The variables that the image itself sets."""
    engine = connect()
    try:
        return {one.partition("=")[0] for one in engine.client.images.get(IMAGE).attrs["Config"]["Env"]} | {"PATH"}
    finally:
        engine.close()


def test_a_restart_goes_on_counting(start: Start, bench: Bench) -> None:
    """Kills, CPU time and peaks of the first start are still there after the second."""
    container = start("anon:200", "stay", limit_bytes=64 * MIB)
    wait_for_exit(container, DEADLINE_S)
    first = container.counters()

    container.start()
    assert container.poll() is None or container.poll().oom_killed  # type: ignore[union-attr]
    wait_for_exit(container, DEADLINE_S)
    second = container.counters()

    assert (first.oom_kills, second.oom_kills) == (1, 2)
    assert len(second.killed) == 2
    assert second.cpu_s >= first.cpu_s
    assert second.rss_peak_bytes >= first.rss_peak_bytes


def test_a_running_target_cannot_be_started_again(start: Start, bench: Bench) -> None:
    """A second start beside the first is refused."""
    container = start("say:up", "stay")
    bench.hear()

    with pytest.raises(BackendError, match="cannot be started"):
        container.start()


def test_a_lowered_limit_kills_at_the_next_allocation(start: Start, bench: Bench) -> None:
    """The limit of a running container can be brought down to what it uses."""
    container = start("anon:20", "say:taken", "hear", "anon:50", "stay", limit_bytes=200 * MIB)
    bench.hear()

    container.set_limit(container.sample().total_bytes + 4 * MIB)
    bench.ask()
    ended = wait_for_exit(container, DEADLINE_S)

    assert ended is not None
    assert ended.oom_killed


def test_what_the_main_process_leaves_ends_with_it(start: Start, bench: Bench) -> None:
    """A process in a session of its own does not outlive the target."""
    container = start("orphan:say:orphan+stay", "hear", "exit:0")
    assert bench.hear() == "orphan"
    inside = container.pids()
    bench.ask()

    assert wait_for_exit(container, DEADLINE_S) is not None

    assert len(inside) == 2
    assert [read_state(pid) for pid in inside] == [None, None]
    assert container.pids() == ()


@pytest.mark.parametrize("actions", [("exit:0",), ("exit:3",), ("say:up", "stay"), ("orphan:stay", "say:up", "stay")])
def test_closing_leaves_nothing(start: Start, bench: Bench, actions: tuple[str, ...]) -> None:
    """After close no process is left and the counters are still known, whatever the target did; twice is once."""
    container = start(*actions)
    if "say:up" in actions:
        bench.hear()
    inside = container.pids()

    container.close()
    container.close()

    assert [pid for pid in inside if read_state(pid) is not None] == []
    assert container.pids() == ()
    assert container.counters().oom_kills == 0
    with pytest.raises(BackendError, match="closed"):
        container.start()


def test_an_unknown_program_is_refused_by_name(bench: Bench, backend: Backend) -> None:
    """A command that is not there is one clear sentence, and leaves nothing."""
    container = backend.create(bench.launch_words(("no-such-program",), ("no-such-program",)))
    try:
        with pytest.raises(BackendError, match="no-such-program"):
            container.start()
    finally:
        container.close()


def test_the_share_of_cpu_is_held_or_told(start: Start, bench: Bench, backend: Backend) -> None:
    """A backend either gives half a CPU, or notes that it cannot."""
    container = start("burn:1", "stay", cpus=0.5)

    cpu_s = float(bench.hear())

    if backend.simulated:
        assert any("cpus = 0.5 is not enforced" in note for note in container.notes)
    else:
        assert container.notes == ()
        assert cpu_s < 0.7


def test_the_target_does_not_hear_an_interrupt_of_the_harness(start: Start, bench: Bench) -> None:
    """The target has a session of its own, so Ctrl-C on the harness's terminal does not reach it."""
    container = start("say:up", "stay")
    bench.hear()

    assert container.pid is not None
    assert os.getsid(container.pid) == container.pid != os.getsid(0)
