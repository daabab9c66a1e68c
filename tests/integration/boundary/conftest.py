"""A boundary for the whole session, wires for each test, and a look at the database that does not pass through it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from harness.dependencies.boundary.boundary import Boundary, BoundarySettings, Wires, open_boundary
from harness.dependencies.boundary.messages import Edge, Message, parse_message
from harness.dependencies.boundary.recorder import Recorder
from harness.dependencies.boundary.tap import Action, Deliver, Tap
from harness.dependencies.provider.settings import ProviderSettings

DEADLINE_S = 10.0
OpenWires = Callable[..., Wires]


class On:
    """A tap that does one thing to one message at one edge."""

    def __init__(self, name: str, edge: Edge, action: Action) -> None:
        self._message, self._edge, self._action = parse_message(name), edge, action

    async def at(self, message: Message, edge: Edge) -> Action:
        """Let every other message pass."""
        return self._action if (message, edge) == (self._message, self._edge) else Deliver()


@dataclass(frozen=True)
class Database:
    """The database behind the proxy."""

    url: str

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask it directly."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(sql.encode(), parameters or None).fetchall()

    def stored(self) -> list[int]:
        """What table `t` holds for everybody to see."""
        return [row[0] for row in self.rows("SELECT a FROM t ORDER BY a")]

    def sessions(self) -> list[tuple[Any, ...]]:
        """State and last statement of every session of a target."""
        return self.rows("SELECT state, query FROM pg_stat_activity WHERE application_name = 'target'")


@pytest.fixture(scope="session")
def boundary() -> Iterator[Boundary]:
    """One loop for all wires, as for crash cycles; no wire's thread is left at the end."""
    with open_boundary() as opened:
        yield opened
    assert "boundary" not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def database(database_url: str) -> Database:
    """A database with a table `t` of numbers."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (a int PRIMARY KEY)")
    return Database(database_url)


@pytest.fixture
def open_wires(boundary: Boundary, database: Database, tmp_path: Path) -> Iterator[OpenWires]:
    """Opens wires with a tap; at the end they have had no problem of their own."""
    with ExitStack() as opened:

        def open_(tap: Tap | None = None, **settings: Any) -> Wires:
            asked = {
                "database_url": database.url,
                "provider": ProviderSettings(dimensions=8),
                "ledger_path": tmp_path / "ledger.jsonl",
                **settings,
            }
            wires = opened.enter_context(boundary.open_wires(BoundarySettings(**asked), tap or Recorder()))
            opened.callback(lambda: _check(wires))
            return wires

        yield open_


def _check(wires: Wires) -> None:
    assert wires.problems == ()


def connect(wires: Wires, **options: Any) -> psycopg.Connection[Any]:
    """A target's connection through the proxy."""
    return psycopg.connect(wires.database_url, application_name="target", connect_timeout=10, **options)
