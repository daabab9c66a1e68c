"""Brings the database to the schema of this code: our own versioned files and those of Procrastinate.

Every file that was applied is a row of `applied_migrations`. Whoever migrates holds an advisory lock, so two
instances that start together do it once; a database with a migration unknown to this code is refused.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

from importer.errors import SchemaError

_SCHEMA = Path(__file__).parent / "schema"
_LOCK = "SELECT pg_advisory_lock(5716, 1)"
_TABLE = """
CREATE TABLE IF NOT EXISTS applied_migrations (
    component text, name text, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (component, name))
"""


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the schema: its migrations in order, and a file that has the effect of all of them at once."""

    name: str
    migrations: tuple[Path, ...]
    whole: Path | None


def components() -> tuple[Component, ...]:
    """Return the parts that this code needs: Procrastinate's tables and our own."""
    return (_procrastinate(), Component("importer", tuple(sorted(_SCHEMA.glob("*.sql"))), None))


def _procrastinate() -> Component:
    spec = find_spec("procrastinate")  # finds it without importing it
    if spec is None or spec.origin is None:
        raise SchemaError("the package procrastinate is not installed")
    sql = Path(spec.origin).parent / "sql"
    return Component("procrastinate", tuple(sorted((sql / "migrations").glob("*.sql"))), sql / "schema.sql")


async def migrate(connection: AsyncConnection[Any]) -> int:
    """Apply what is missing and return how many files that was; SchemaError when it cannot.

    The lock against other instances is the session's: the caller closes the connection soon.
    """
    parts = components()
    if not any(pending(part, applied) for part, applied in await _state(connection, parts)):
        return 0
    try:
        await connection.execute(_LOCK)
        await connection.execute(_TABLE)
        return sum([await _apply(connection, part, applied) for part, applied in await _state(connection, parts)])
    except psycopg.Error as error:
        reason = str(error).splitlines()[0]
        raise SchemaError(f"the database cannot be migrated: {reason}") from error


async def is_current(connection: AsyncConnection[Any]) -> bool:
    """Tell whether the database has exactly the schema of this code."""
    try:
        return not any(pending(part, applied) for part, applied in await _state(connection, components()))
    except SchemaError:
        return False


def pending(part: Component, applied: frozenset[str]) -> tuple[Path, ...]:
    """Return the migrations of `part` that are missing; SchemaError when the database has others than this code."""
    unknown = sorted(applied - {path.stem for path in part.migrations})
    if unknown:
        raise SchemaError(
            f"the database is newer than this code: it has {part.name} migration {unknown[-1]}; update the importer"
        )
    return tuple(path for path in part.migrations if path.stem not in applied)


async def _state(
    connection: AsyncConnection[Any], parts: tuple[Component, ...]
) -> list[tuple[Component, frozenset[str]]]:
    row = await (await connection.execute("SELECT to_regclass('applied_migrations') IS NOT NULL")).fetchone()
    rows = []
    if row and row[0]:
        rows = await (await connection.execute("SELECT component, name FROM applied_migrations")).fetchall()
    return [(part, frozenset(name for component, name in rows if component == part.name)) for part in parts]


async def _apply(connection: AsyncConnection[Any], part: Component, applied: frozenset[str]) -> int:
    missing = pending(part, applied)
    if part.whole is not None and not applied:
        await _run(connection, part, part.whole, missing)
        return len(missing)
    for path in missing:
        await _run(connection, part, path, (path,))
    return len(missing)


async def _run(connection: AsyncConnection[Any], part: Component, script: Path, done: tuple[Path, ...]) -> None:
    # A file and its record commit together; each file by itself, since a new enum value serves only after a commit.
    async with connection.transaction():
        await connection.execute(script.read_text("utf-8"))
        for path in done:
            await connection.execute("INSERT INTO applied_migrations VALUES (%s, %s)", (part.name, path.stem))
