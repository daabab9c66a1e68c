"""Bring up Postgres, the provider stub and the service in its container, and stay until Ctrl-C."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from harness.containers.backends import choose, sweep_all
from harness.containers.container import Backend, wait_for_exit
from harness.crash.faults.fault import LastingFault
from harness.crash.held_open import HeldOpen, lasting_fault
from harness.dependencies.boundary.boundary import BoundarySettings, open_boundary
from harness.dependencies.postgres import fresh_database, mask_url
from harness.environment import open_environment, open_server
from harness.errors import HalfgigError, TargetError
from harness.journal import Clock, Journal
from harness.scenario import Overrides, Scenario, load_scenario, with_knobs
from harness.service import Addresses, Service, free_port, is_free, launch_at, open_service, start
from reports.run_directory import run_directory

EXAMPLE = """example:
  halfgig serve
  halfgig serve --port 8000 --limit 256MB --set index=false
  halfgig serve --fault 503
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig serve` takes."""
    parser.add_argument("scenario", nargs="?", help="a name of scenarios/ or a path (default: default)")
    parser.add_argument("--port", type=int, metavar="N", help="port of the service (default: a free one)")
    parser.add_argument("--limit", metavar="SIZE", help="memory limit: 512MB")
    parser.add_argument("--cpus", type=float, metavar="N", help="CPU share: 0.5, 1.0")
    parser.add_argument("--backend", metavar="NAME", help="auto, cgroup, systemd, docker, watchdog")
    parser.add_argument("--fault", metavar="NAME", help="hold a fault of `halfgig crash` open: 503, disk-full, …")
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", help="set a knob; may be repeated")
    parser.add_argument("--postgres", metavar="URL", help="a Postgres with pgvector instead of the embedded one")
    parser.add_argument("--runs", metavar="DIR", default="runs", help="where logs are kept (default: runs)")


def execute(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; the service is started again when it is killed, as a platform does."""
    overrides = Overrides(
        limit=arguments.limit, cpus=arguments.cpus, backend=arguments.backend, knobs=tuple(arguments.set)
    )
    scenario = load_scenario(arguments.scenario, overrides)
    if "index" in scenario.target.knobs:
        scenario = with_knobs(scenario, {"index": "on", **scenario.knobs})
    port = _port(arguments.port)
    fault = lasting_fault(arguments.fault) if arguments.fault else None
    backend, _ = choose(scenario.backend, image=scenario.target.image)
    sweep_all()
    with run_directory(Path(arguments.runs), "serve", datetime.now(UTC)) as run_dir:
        journal = Journal(run_dir / "events.jsonl", Clock())
        with _depended_on(scenario, fault, run_dir, arguments.postgres) as (database_url, provider_url, begin):
            launch = launch_at(scenario, Addresses(database_url, provider_url, port), run_dir)
            with open_service(scenario, launch, backend, port, journal) as service:
                start(service)
                begin()
                _tell(scenario, backend, port)
                # The login of an embedded server ends with it; that of somebody's own is theirs.
                told = mask_url(database_url) if arguments.postgres else database_url
                print(f"database {told}\nprovider {provider_url}\nlog      {launch.log_path}", flush=True)
                if fault:
                    print(f"fault    {fault.name}: {fault.summary}, for as long as this runs", flush=True)
                _stay(service)


@contextmanager
def _depended_on(
    scenario: Scenario, fault: LastingFault | None, run_dir: Path, postgres_url: str | None
) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Addresses of database and provider, and what opens the fault; with one, both are behind the boundary's wires."""
    if fault is None:
        with open_environment(scenario.provider, run_dir, postgres_url) as environment:
            yield environment.database_url, environment.provider.url, lambda: None
        return
    tap = HeldOpen(fault)
    with open_server(postgres_url) as server, fresh_database(server) as database_url, open_boundary() as boundary:
        settings = BoundarySettings(
            database_url, scenario.provider, run_dir / "ledger.jsonl", scenario.target.boundary.housekeeping
        )
        with boundary.open_wires(settings, tap) as wires:
            yield wires.database_url, wires.provider_url, lambda: tap.begin(wires)


def _tell(scenario: Scenario, backend: Backend, port: int) -> None:
    print(f"{scenario.target.name} is at http://127.0.0.1:{port} inside {backend.name}; Ctrl-C ends it", flush=True)


def _stay(service: Service) -> NoReturn:
    """Start the service again whenever it ends, until somebody ends all of it."""
    while True:
        ended = wait_for_exit(service.container, timeout_s=3600.0)
        if ended is None:
            continue
        how = "killed for memory" if ended.oom_killed else (ended.signal or f"status {ended.code}")
        if ended.code in (0, 2):
            raise TargetError(f"the service ended by itself ({how}); see {service.log_path}")
        print(f"the service ended ({how}) and is started again", flush=True)
        start(service, "restart")


def _port(wanted: int | None) -> int:
    if wanted is None:
        return free_port()
    if not 1 <= wanted <= 65535:
        raise HalfgigError(f"--port {wanted}: a port is a number from 1 to 65535")
    if not is_free(wanted):
        raise HalfgigError(f"port {wanted} is in use: choose another with --port, or leave it out for a free one")
    return wanted
