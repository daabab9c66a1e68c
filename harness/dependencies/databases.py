"""Databases of our own on any server: named `halfgig_*`, marked with their owner, dropped after use.

Only a database that bears both the name and the mark is ever dropped. A harness that is killed between making a
database and marking it leaves an empty `halfgig_*` database that nobody drops: better than dropping a stranger's.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from harness.dependencies.process_identity import identify, identity_from, is_gone
from harness.errors import DependencyError

PREFIX = "halfgig_"
MARK = "halfgig "
CONNECT_TIMEOUT_S = 10

_MARKED = """
SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
WHERE starts_with(datname, 'halfgig_') AND starts_with(shobj_description(oid, 'pg_database'), 'halfgig ')
"""


class Server(Protocol):
    """What making databases needs of a server."""

    @property
    def url(self) -> str:
        """An address whose user may create databases."""

    @property
    def owned(self) -> bool:
        """Whether the server goes away with us, databases and all."""


@contextlib.contextmanager
def fresh_database(server: Server, template: str | None = None) -> Iterator[str]:
    """Yield the URL of a new database with pgvector, and drop it afterwards.

    `template` names (or is the URL of) a database to copy; nobody may be connected to it meanwhile.
    """
    name = f"{PREFIX}{time.strftime('%Y%m%d_%H%M%S', time.gmtime())}_{secrets.token_hex(4)}"
    _create(server, name, template)
    try:
        url = _url_of(server, name)
        with _connect(url) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        yield url
    finally:
        # A server of ours may have been crashed on purpose; its databases end with it.
        with contextlib.suppress(*((DependencyError,) if server.owned else ())):
            _drop(server, name)


def drop_stale(server: Server) -> list[str]:
    """Drop the databases with our name and mark whose harness is gone; returns their names."""
    with _connect(server.url) as connection:
        marked = connection.execute(_MARKED).fetchall()
    stale = [name for name, mark in marked if _owner_is_gone(mark)]
    for name in stale:
        _drop(server, name)
    return stale


def _create(server: Server, name: str, template: str | None) -> None:
    source = (urlsplit(template).path.lstrip("/") or template) if template else "template1"
    mark = MARK + json.dumps({**asdict(identify(os.getpid())), "created": time.time()})
    with _connect(server.url) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source))
        )
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(mark)))


def _drop(server: Server, name: str) -> None:
    with _connect(server.url) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _owner_is_gone(mark: str) -> bool:
    try:
        owner = identity_from(json.loads(mark.removeprefix(MARK)))
    except ValueError:
        return False
    return owner is not None and is_gone(owner)


def _url_of(server: Server, name: str) -> str:
    return urlunsplit(urlsplit(server.url)._replace(path=f"/{name}"))


@contextlib.contextmanager
def _connect(url: str) -> Iterator[psycopg.Connection]:
    """A connection that commits each statement; what Postgres refuses becomes a DependencyError."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S, autocommit=True) as connection:
            yield connection
    except psycopg.Error as error:
        parts = urlsplit(url)
        raise DependencyError(
            f"Postgres at {parts.hostname}:{parts.port or 5432}{parts.path} refused: {str(error).strip()}"
        ) from error
