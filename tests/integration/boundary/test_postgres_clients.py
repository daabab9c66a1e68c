"""Whatever psycopg does passes through the proxy unchanged, and is named."""

import asyncio
import threading
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import AsyncConnectionPool

from harness.dependencies.boundary.boundary import Boundary, BoundarySettings, Wires
from harness.dependencies.boundary.messages import Edge
from harness.dependencies.boundary.recorder import Recorder
from harness.dependencies.provider.settings import ProviderSettings
from harness.errors import BoundaryError
from tests.integration.boundary.conftest import DEADLINE_S, Database, OpenWires, connect

CONNECTIONS = 20
TRANSACTIONS = 10


def _names(recorder: Recorder, edge: Edge = Edge.AFTER) -> list[str]:
    return [one.message.name.removeprefix("postgres.") for one in recorder.passages if one.edge is edge]


def test_a_transaction_is_named_statement_by_statement(open_wires: OpenWires, database: Database) -> None:
    """BEGIN and COMMIT, which psycopg sends by itself, are messages like those that the target asks for."""
    recorder = Recorder()
    with connect(open_wires(recorder)) as connection:
        connection.execute("INSERT INTO t VALUES (%s)", (1,))
        with connection.cursor().copy("COPY t FROM STDIN") as copy:
            copy.write("2\n")
        connection.execute("WITH one AS (SELECT 1) DELETE FROM t WHERE a IN (TABLE one)")
    assert _names(recorder) == ["begin#1", "insert#1", "copy#1", "delete#1", "commit#1"]
    assert len(recorder.points()) == 15
    assert database.stored() == [2]


def test_a_prepared_statement_is_known_by_its_sql(open_wires: OpenWires) -> None:
    """A driver prepares what it executes often; from then on only the statement's name is sent."""
    recorder = Recorder()
    with connect(open_wires(recorder), autocommit=True, prepare_threshold=2) as connection:
        for number in range(6):
            connection.execute("INSERT INTO t VALUES (%s)", (number,))
    assert _names(recorder) == [f"insert#{n}" for n in range(1, 7)]


def test_housekeeping_is_carried_out_and_not_named(open_wires: OpenWires, database: Database) -> None:
    """Heartbeats and their commits move no number."""
    recorder = Recorder()
    wires = open_wires(recorder, housekeeping=(r"^insert into t values \(-", "^begin"))
    with connect(wires) as connection:
        for insert in ("INSERT INTO t VALUES (-1)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (-2)"):
            connection.execute(insert)
            connection.commit()
    assert _names(recorder) == ["insert#1", "commit#1"]
    assert database.stored() == [-2, -1, 1]


def test_results_of_any_size_come_through(open_wires: OpenWires) -> None:
    """One row larger than every buffer, and more rows than are held."""
    with connect(open_wires()) as connection:
        row = connection.execute("SELECT repeat('x', 3000000)").fetchone()
        assert row is not None
        assert len(row[0]) == 3_000_000
        rows = connection.execute("SELECT n, repeat('y', 100) FROM generate_series(1, 50000) AS n").fetchall()
        assert [row[0] for row in rows] == list(range(1, 50_001))
        with connection.cursor().copy("COPY (SELECT generate_series(1, 100000)) TO STDOUT") as copy:
            assert sum(bytes(block).count(b"\n") for block in copy) == 100_000


def test_a_large_binary_copy_arrives_whole(open_wires: OpenWires, database: Database) -> None:
    """Blocks are passed on as they come."""
    with connect(open_wires()) as connection:
        connection.execute("CREATE TABLE large (a int, b bytea)")
        with connection.cursor().copy("COPY large FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "bytea"])
            for number in range(300):
                copy.write_row((number, bytes([number % 251]) * (number * 200)))
    wrong = "SELECT count(*), count(*) FILTER (WHERE length(b) <> a * 200) FROM large"
    assert database.rows(wrong) == [(300, 0)]


def test_notifications_come_to_a_connection_that_only_listens(open_wires: OpenWires, database: Database) -> None:
    """What the server says by itself is passed on at once."""
    with connect(open_wires(), autocommit=True) as connection:
        connection.execute("LISTEN news")
        threading.Timer(0.05, database.rows, ("SELECT pg_notify('news', 'hello')",)).start()
        told = next(connection.notifies(timeout=DEADLINE_S, stop_after=1))
    assert told.payload == "hello"


def test_a_statement_can_be_cancelled(open_wires: OpenWires) -> None:
    """A cancel request comes on a connection of its own and is passed through."""
    wires = open_wires()
    with connect(wires, autocommit=True) as connection:
        threading.Timer(0.1, connection.cancel_safe).start()
        with pytest.raises(errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(600)")
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert wires.wait_quiet(DEADLINE_S)


def test_an_error_of_the_servers_own_is_an_answer_like_any(open_wires: OpenWires) -> None:
    """A statement that fails has its three edges too."""
    recorder = Recorder()
    with connect(open_wires(recorder), autocommit=True) as connection:
        for parameters in (None, (0,)):
            with pytest.raises(errors.DivisionByZero):
                connection.execute("SELECT 1 / 0" if parameters is None else "SELECT 1 / %s", parameters)
    assert _names(recorder) == ["select#1", "select#2"]


async def test_twenty_connections_at_once(open_wires: OpenWires, database: Database) -> None:
    """Each message of each of them has a number of its own, everything is stored, and nothing stays open."""
    recorder = Recorder()
    wires = await asyncio.to_thread(open_wires, recorder)

    async def work(pool: AsyncConnectionPool[Any], first: int) -> None:
        for number in range(first, first + TRANSACTIONS):
            async with pool.connection() as connection, connection.pipeline():
                await connection.execute("INSERT INTO t VALUES (%s)", (number,))

    pool = AsyncConnectionPool(wires.database_url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False)
    async with pool:
        await pool.wait(DEADLINE_S)
        assert wires.database_connections == CONNECTIONS
        await asyncio.gather(*(work(pool, one * TRANSACTIONS) for one in range(CONNECTIONS)))
    everything = CONNECTIONS * TRANSACTIONS
    assert database.stored() == list(range(everything))
    assert {name for name in _names(recorder) if name.startswith("commit")} == {
        f"commit#{n}" for n in range(1, everything + 1)
    }
    assert await asyncio.to_thread(wires.wait_quiet, DEADLINE_S)


def test_wires_beside_each_other_count_for_themselves(open_wires: OpenWires, tmp_path: Any) -> None:
    """Several cycles run on one boundary; each has its own proxy, stub, ledger and numbers."""
    recorders = [Recorder(), Recorder()]
    wires = [open_wires(one, ledger_path=tmp_path / str(n)) for n, one in enumerate(recorders)]
    for one in wires * 2:
        with connect(one, autocommit=True) as connection:
            connection.execute("SELECT 1")
    assert [_names(one) for one in recorders] == [["select#1", "select#2"]] * 2
    assert len({one.database_url for one in wires} | {one.provider_url for one in wires}) == 4


def test_numbers_start_again_with_the_target(open_wires: OpenWires) -> None:
    """The second point of a pair is counted from the restart."""
    recorder = Recorder()
    wires: Wires = open_wires(recorder)
    for _ in range(2):
        with connect(wires, autocommit=True) as connection:
            connection.execute("SELECT 1")
        assert wires.wait_quiet(DEADLINE_S)
        wires.restart_numbering()
    assert _names(recorder) == ["select#1", "select#1"]


def test_nothing_is_left_behind(boundary: Boundary, database: Database, tmp_path: Any) -> None:
    """Connections that are open at the end are closed, and the port is free again."""
    settings = BoundarySettings(database.url, ProviderSettings(), tmp_path / "ledger")
    with boundary.open_wires(settings, Recorder()) as wires:
        connection = connect(wires, autocommit=True)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        connect(wires)


def test_an_encrypted_database_is_refused(boundary: Boundary, database: Database, tmp_path: Any) -> None:
    """What cannot be read cannot be crash tested, and that is said before anything starts."""
    settings = BoundarySettings(f"{database.url}?sslmode=require", ProviderSettings(), tmp_path / "ledger")
    with pytest.raises(BoundaryError, match="sslmode=require"), boundary.open_wires(settings, Recorder()):
        pass
