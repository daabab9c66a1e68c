"""A real Postgres for the whole session, and a database of its own for each test."""

from collections.abc import Iterator

import pytest

from harness.dependencies.postgres import PostgresServer, fresh_database
from harness.environment import open_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """An embedded server that every test of the session shares; no test may stop it."""
    with open_server(None) as server:
        yield server


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a new, empty database with pgvector."""
    with fresh_database(postgres) as url:
        yield url
