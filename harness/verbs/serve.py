"""Bring up Postgres, the provider stub and the service in its container, and stay until Ctrl-C."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from harness.containers.backends import choose, sweep_all
from harness.containers.container import wait_for_exit
from harness.environment import open_environment
from harness.errors import HalfgigError, TargetError
from harness.journal import Clock, Journal
from harness.scenario import Overrides, load_scenario, with_knobs
from harness.service import free_port, is_free, launch_of, open_service, start
from reports.run_directory import create_run_directory

EXAMPLE = """example:
  halfgig serve
  halfgig serve --port 8000 --limit 256MB --set index=false
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `halfgig serve` takes."""
    parser.add_argument("scenario", nargs="?", help="a name of scenarios/ or a path (default: default)")
    parser.add_argument("--port", type=int, metavar="N", help="port of the service (default: a free one)")
    parser.add_argument("--limit", metavar="SIZE", help="memory limit: 512MB")
    parser.add_argument("--cpus", type=float, metavar="N", help="CPU share: 0.5, 1.0")
    parser.add_argument("--backend", metavar="NAME", help="auto, cgroup or watchdog")
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
    port = arguments.port or free_port()
    if not is_free(port):
        raise HalfgigError(f"port {port} is in use: choose another with --port, or leave it out for a free one")
    backend, _ = choose(scenario.backend)
    sweep_all()
    run_dir = create_run_directory(Path(arguments.runs), "serve", datetime.now(UTC)).path
    journal = Journal(run_dir / "events.jsonl", Clock())
    with open_environment(scenario.provider, run_dir, arguments.postgres) as environment:
        launch = launch_of(scenario, environment, run_dir, port)
        with open_service(scenario, launch, backend, port, journal) as service:
            start(service)
            print(
                f"{scenario.target.name} is at http://127.0.0.1:{port} inside {backend.name}; Ctrl-C ends it",
                flush=True,
            )
            print(
                f"database {environment.database_url}\nprovider {environment.provider.url}\nlog      {launch.log_path}"
            )
            while True:
                ended = wait_for_exit(service.container, timeout_s=3600.0)
                if ended is not None:
                    how = "killed for memory" if ended.oom_killed else (ended.signal or f"status {ended.code}")
                    if ended.code in (0, 2):
                        raise TargetError(f"the service ended by itself ({how}); see {launch.log_path}")
                    print(f"the service ended ({how}) and is started again", flush=True)
                    start(service, "restart")
