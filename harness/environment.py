"""What a target depends on, up and fresh for one run: a database of its own and the provider stub."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.dependencies.postgres import (
    PostgresServer,
    connect_to,
    drop_stale,
    fresh_database,
    start_embedded,
    stop_stale,
)
from harness.dependencies.provider.running import RunningProvider, start_provider
from harness.dependencies.provider.settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class Environment:
    """The server, the run's own database on it, and the provider stub."""

    server: PostgresServer
    database_url: str
    provider: RunningProvider


@contextmanager
def open_environment(settings: ProviderSettings, run_dir: Path, postgres_url: str | None) -> Iterator[Environment]:
    """Bring the dependencies up, embedded Postgres unless a URL is given, and take them down afterwards."""
    with open_server(postgres_url) as server, fresh_database(server) as database_url:
        provider = start_provider(settings, run_dir)
        try:
            yield Environment(server, database_url, provider)
        finally:
            provider.stop()


@contextmanager
def open_server(postgres_url: str | None) -> Iterator[PostgresServer]:
    """The server at `postgres_url`, or an embedded one that ends with the block."""
    if postgres_url:
        server = connect_to(postgres_url)
        drop_stale(server)
        yield server
        return
    stop_stale(servers_dir())
    server = start_embedded(servers_dir() / secrets.token_hex(6))
    try:
        yield server
    finally:
        server.stop()


def servers_dir() -> Path:
    """Where embedded servers keep their data: open to the plain user that runs them, and on a disk.

    /var/tmp and not /tmp, which may be a tmpfs, and not the home folder, which that user may not enter.
    """
    base = Path("/var/tmp") if os.access("/var/tmp", os.W_OK) else Path(tempfile.gettempdir())  # noqa: S108
    return base / f"halfgig-{os.getuid()}"
