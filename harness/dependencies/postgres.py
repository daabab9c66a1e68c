"""Postgres with pgvector: an embedded server of our own, or one that somebody named by its URL."""

import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg

from harness.dependencies.databases import drop_stale, fresh_database
from harness.dependencies.embedded_postgres import (
    EmbeddedPostgres,
    create_server,
    discard,
    start_again,
    stop_process,
    stop_stale,
)
from harness.errors import DependencyError

__all__ = [
    "PostgresDescription", "PostgresServer", "connect_to", "describe", "drop_stale", "fresh_database", "mask_url",
    "start_embedded", "stop_stale",
]  # fmt: skip

CONNECT_TIMEOUT_S = 10
MASK = "***"

_RIGHTS = """
SELECT current_setting('server_version_num')::integer,
       (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),
       (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user)
"""
_VERSIONS = """
SELECT current_setting('server_version'), (SELECT default_version FROM pg_available_extensions WHERE name = 'vector')
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server to make databases on; one that we did not start is only ever connected to."""

    url: str
    embedded: EmbeddedPostgres | None

    @property
    def owned(self) -> bool:
        """Whether we started it, so that it may be stopped and restarted."""
        return self.embedded is not None

    @property
    def pid(self) -> int | None:
        """Its main process, where it is ours."""
        return self.embedded.process.pid if self.embedded else None

    @property
    def data_dir(self) -> Path | None:
        """The folder with its data and its log, where it is ours."""
        return self.embedded.home if self.embedded else None

    def stop(self) -> None:
        """End it and remove its data, where it is ours; else nothing."""
        if self.embedded:
            discard(self.embedded)

    def stop_immediately(self) -> None:
        """Crash it: sessions are cut and nothing is written any more; `restart` recovers it."""
        stop_process(self._ours(), signal.SIGQUIT)

    def restart(self) -> "PostgresServer":
        """Start it again on its data and address, ending it in good order where it still runs."""
        embedded = self._ours()
        stop_process(embedded, signal.SIGINT)
        return replace(self, embedded=start_again(embedded))

    def _ours(self) -> EmbeddedPostgres:
        if self.embedded is None:
            raise DependencyError(f"{mask_url(self.url)} is not our own server: it is never stopped or restarted")
        return self.embedded


@dataclass(frozen=True, slots=True)
class PostgresDescription:
    """What a result's fingerprint says of a server."""

    version: str
    pgvector_version: str
    embedded: bool

    @property
    def text(self) -> str:
        """All of it in a line."""
        return f"{self.version}, pgvector {self.pgvector_version}{', embedded' if self.embedded else ''}"


def start_embedded(data_dir: Path) -> PostgresServer:
    """Start a new server in the new folder `data_dir`; it ends with the calling thread, if `stop` does not end it."""
    embedded = create_server(data_dir.absolute())
    return PostgresServer(embedded.url, embedded)


def connect_to(url: str) -> PostgresServer:
    """Take a server that is there already, after checking that it has pgvector and lets us make databases."""
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise DependencyError(
            f"{mask_url(url)} is no Postgres URL: write postgresql://user:password@host:port/database"
        )
    version, pgvector, may_create = _ask(url, _RIGHTS)
    shown = mask_url(url)
    if version < 130000:
        raise DependencyError(f"the server at {shown} is older than Postgres 13; halfgig needs 13 or later")
    if pgvector is None:
        raise DependencyError(f"the server at {shown} has no pgvector: install its package (the extension `vector`)")
    if not may_create:
        raise DependencyError(f"the user of {shown} may not create databases: ALTER ROLE its_name CREATEDB")
    return PostgresServer(url, None)


def describe(server: PostgresServer) -> PostgresDescription:
    """Ask the server for its version and that of pgvector."""
    version, pgvector = _ask(server.url, _VERSIONS)
    return PostgresDescription(str(version).split()[0], str(pgvector), server.owned)


def mask_url(url: str) -> str:
    """The URL with its password, in either place that libpq reads one from, replaced."""
    parts = urlsplit(url)
    user, colon, _ = parts.netloc.rpartition("@")[0].partition(":")
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{user}:{MASK}@{host}" if colon else parts.netloc
    query = parse_qsl(parts.query, keep_blank_values=True)
    if any("password" in name for name, _ in query):
        query = [(name, MASK if "password" in name else value) for name, value in query]
        return urlunsplit(parts._replace(netloc=netloc, query=urlencode(query, safe="*/")))
    return urlunsplit(parts._replace(netloc=netloc))


def _ask(url: str, question: str) -> tuple[Any, ...]:
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            return connection.execute(question).fetchone() or ()
    except psycopg.Error as error:
        told = " ".join(str(error).split())
        raise DependencyError(
            f"Postgres at {mask_url(url)} cannot be used: {told} Check that it runs and that the URL is right, or "
            "leave the URL out for the embedded server"
        ) from error
