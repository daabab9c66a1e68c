"""The schema: applied once by whoever comes first, refused when it is newer than the code."""

import asyncio
import subprocess
import sys

import psycopg
import pytest

from importer.database.migrate import is_current, migrate
from importer.database.pool import connect
from importer.errors import SchemaError


def _start(database_url: str, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "importer", *command],
        env={"IMPORTER_DATABASE_URL": database_url, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_migrate_at_the_same_time(database_url: str) -> None:
    """Two that start together both succeed, and every file was applied once."""
    processes = [_start(database_url, "migrate") for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sorted(output.split()[-1] for output, _ in outputs) == ["applied", "current"]


async def test_newer_database_is_refused(database_url: str) -> None:
    """A migration that this code does not know is named, and nothing is changed."""
    async with await connect(database_url, "test") as connection:
        await migrate(connection)
        assert await is_current(connection)
        await connection.execute("INSERT INTO applied_migrations VALUES ('importer', '999_future')")
        with pytest.raises(SchemaError, match="newer than this code: it has importer migration 999_future"):
            await migrate(connection)
        assert not await is_current(connection)


async def test_procrastinate_is_brought_up_migration_by_migration(database_url: str) -> None:
    """Where a part of Procrastinate's migrations is there, the rest is applied one by one."""
    trigger = "procrastinate_trigger_status_events_update_v1"
    async with await connect(database_url, "test") as connection:
        await migrate(connection)
        await connection.execute(f"DROP TRIGGER {trigger} ON procrastinate_jobs")
        await connection.execute(
            "DELETE FROM applied_migrations WHERE name = '03.04.00_50_post_add_retry_failed_job_procedure'"
        )
        assert await migrate(connection) == 1
        found = await connection.execute("SELECT count(*) FROM pg_trigger WHERE tgname = %s", (trigger,))
        assert await found.fetchone() == (1,)


def test_newer_database_ends_serve_with_one_sentence(database_url: str) -> None:
    """`serve` refuses a newer database: exit status 2, one line, no traceback."""
    asyncio.run(_migrated_with_future(database_url))
    process = _start(database_url, "serve")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.startswith("importer: the database is newer than this code")
    assert errors.count("\n") == 1


async def _migrated_with_future(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await migrate(connection)
        await connection.execute("INSERT INTO applied_migrations VALUES ('importer', '999_future')")
