"""The target in its container: started, known to be ready, and started again where the scenario says so."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.client import Client, connect, is_ready
from harness.containers.container import GATEWAY, Backend, Container, Exit, ImageLaunch, Launch, Mount
from harness.environment import Environment
from harness.errors import KilledAtStartError, TargetError
from harness.journal import Journal
from harness.scenario import Scenario
from harness.target import fill, fill_command, knob_environment
from reports.quantities import format_bytes

_WARM_TIMEOUT_S = 60
_LOG_LINES = 3


@dataclass(frozen=True, slots=True)
class Service:
    """A target that is up: its container, the client that speaks to it, and the variables it was given."""

    container: Container
    client: Client
    port: int
    env: Mapping[str, str]
    scenario: Scenario
    log_path: Path
    journal: Journal


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a target finds what it depends on, and where it is to listen."""

    database_url: str
    provider_url: str
    """The stub: the base URL for Cohere, and with `/v1` the one for OpenAI."""
    port: int


def launch_of(scenario: Scenario, environment: Environment, run_dir: Path, port: int) -> Launch:
    """What the container is to run in an environment of its own."""
    return launch_at(scenario, Addresses(environment.database_url, environment.provider.url, port), run_dir)


def launch_at(scenario: Scenario, addresses: Addresses, run_dir: Path) -> Launch:
    """What the container is to run: command, variables and limits, with every placeholder filled in."""
    target = scenario.target
    values = placeholders(addresses, run_dir)
    where = str(target.path)
    knobs = knob_environment(target, scenario.knobs, "knobs")
    return Launch(
        command=fill_command(target.command, values, where),
        env={**fill(target.env, values, f"{where} [env]"), **knobs},
        cwd=target.path.parent,
        limit_bytes=scenario.limit_bytes,
        cpus=scenario.cpus,
        log_path=run_dir / "target.log",
        name=target.name,
        oom_group=scenario.oom_group,
        image=_image_launch(scenario, addresses, run_dir),
    )


def _image_launch(scenario: Scenario, addresses: Addresses, run_dir: Path) -> ImageLaunch | None:
    """The same inside the target's image; None where it has none."""
    target, image = scenario.target, scenario.target.image
    if image is None:
        return None
    values = {**placeholders(addresses, run_dir), "python": image.python}
    words = target.command if image.command is None else image.command
    beyond = placeholders(through_gateway(addresses), run_dir) | {"host": "0.0.0.0"}
    return ImageLaunch(
        source=image.source,
        context=image.context,
        command=fill_command(words, values, str(target.path)),
        mounts=(Mount(run_dir.resolve(), read_only=False), *(Mount(one, read_only=True) for one in image.mounts)),
        gateway_env={
            **fill(target.env, beyond, f"{target.path} [env]"),
            **knob_environment(target, scenario.knobs, "knobs"),
        },
        port=addresses.port,
    )


def through_gateway(addresses: Addresses) -> Addresses:
    """The same services as they are called from inside an engine's own machine."""
    return Addresses(
        addresses.database_url.replace("127.0.0.1", GATEWAY),
        addresses.provider_url.replace("127.0.0.1", GATEWAY),
        addresses.port,
    )


def placeholders(addresses: Addresses, run_dir: Path) -> dict[str, str]:
    """What `{database_url}` and the like in a target file stand for."""
    return {
        "host": "127.0.0.1",
        "port": str(addresses.port),
        "database_url": addresses.database_url,
        "provider_url": addresses.provider_url,
        "openai_url": f"{addresses.provider_url}/v1",
        "cohere_url": addresses.provider_url,
        "run_dir": str(run_dir),
    }


def warm_page_cache(scenario: Scenario, launch: Launch) -> None:
    """Run the target's `warm` command outside the container, so that each run finds the same page cache."""
    command = fill_command(scenario.target.warm, {}, str(scenario.target.path))
    if command:
        subprocess.run(
            command, env=dict(launch.env), cwd=launch.cwd, timeout=_WARM_TIMEOUT_S, capture_output=True, check=False
        )


@contextmanager
def open_service(
    scenario: Scenario, launch: Launch, backend: Backend, port: int, journal: Journal
) -> Iterator[Service]:
    """A container that holds the target, not started yet; closed, with every process in it ended, afterwards."""
    container = backend.create(launch)
    client = connect(f"http://127.0.0.1:{port}", scenario.target.http)
    try:
        yield Service(container, client, port, launch.env, scenario, launch.log_path, journal)
    finally:
        container.close()
        client.http.close()


def start(service: Service, kind: str = "start") -> None:
    """Start the target (`kind` is `restart` after an exit) and wait until it is ready; TargetError when it is not."""
    service.container.start()
    service.journal.write(kind, pid=service.container.pid)
    deadline_s = time.monotonic() + service.scenario.target.ready_timeout_s
    while not is_ready(service.client):
        if service.container.poll() is not None:
            raise _died_at_start(service)
        if time.monotonic() > deadline_s:
            raise TargetError(f"{service.scenario.target.name} was not ready in time. {_log_tail(service.log_path)}")
        time.sleep(0.02)
    service.journal.write("ready")


def note_end(service: Service, ended: Exit) -> None:
    """Write into the events how the target ended."""
    service.journal.write("oom_kill" if ended.oom_killed else "exit", code=ended.code, signal=ended.signal)


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback address."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _died_at_start(service: Service) -> TargetError:
    name, limit_bytes = service.scenario.target.name, service.scenario.limit_bytes
    ended = service.container.poll()
    if ended is not None and ended.oom_killed:
        text = f"{name} was killed for memory before it was ready: the limit of {format_bytes(limit_bytes)}"
        return KilledAtStartError(f"{text} is below what it needs to start. Try --limit with more.")
    how = (ended.signal or f"status {ended.code}") if ended else "unknown"
    return TargetError(f"{name} ended at its start ({how}). {_log_tail(service.log_path)}")


def _log_tail(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    said = " / ".join(line.strip() for line in lines[-_LOG_LINES:]) or "nothing"
    return f"It said: {said} (all of it: {path})"
