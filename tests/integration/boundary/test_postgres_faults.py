"""Errors that the proxy answers itself, and wires that are refused, slow or gone; the connection stays right."""

import select
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from harness.dependencies.boundary.messages import Edge
from harness.dependencies.boundary.tap import Delay, SqlError
from tests.integration.boundary.conftest import DEADLINE_S, Database, On, OpenWires, connect

CODES = {
    "40001": errors.SerializationFailure,
    "40P01": errors.DeadlockDetected,
    "53100": errors.DiskFull,
    "25006": errors.ReadOnlySqlTransaction,
}
INSERTS = {1: "INSERT INTO t VALUES (1)", 2: "INSERT INTO t VALUES (2)"}
EXTENDED = pytest.mark.parametrize("extended", [False, True])


def _fails(name: str, sqlstate: str = "40001") -> On:
    return On(name, Edge.BEFORE, SqlError(sqlstate, "injected"))


def _execute(connection: psycopg.Connection[Any], sql: str, *, extended: bool) -> None:
    """By the protocol that is asked for: psycopg takes the extended one where it is to prepare."""
    connection.execute(sql.encode(), prepare=extended)


@EXTENDED
@pytest.mark.parametrize("sqlstate", sorted(CODES))
def test_a_statement_in_a_transaction_fails_it(
    open_wires: OpenWires, database: Database, sqlstate: str, *, extended: bool
) -> None:
    """Client and server agree that the transaction has failed, and both go on after its rollback."""
    with connect(open_wires(_fails("postgres.insert#2", sqlstate))) as connection:
        _execute(connection, "INSERT INTO t VALUES (1)", extended=extended)
        with pytest.raises(CODES[sqlstate], match="injected"):
            _execute(connection, "INSERT INTO t VALUES (2)", extended=extended)
        assert connection.info.transaction_status == TransactionStatus.INERROR
        with pytest.raises(errors.InFailedSqlTransaction):
            _execute(connection, "INSERT INTO t VALUES (3)", extended=extended)
        connection.rollback()
        _execute(connection, "INSERT INTO t VALUES (4)", extended=extended)
        connection.commit()
    assert database.stored() == [4]


@EXTENDED
def test_a_statement_outside_a_transaction_fails_alone(
    open_wires: OpenWires, database: Database, *, extended: bool
) -> None:
    """Nothing is left open, and the next statement is carried out."""
    with connect(open_wires(_fails("postgres.insert#2")), autocommit=True) as connection:
        _execute(connection, "INSERT INTO t VALUES (1)", extended=extended)
        with pytest.raises(errors.SerializationFailure):
            _execute(connection, "INSERT INTO t VALUES (2)", extended=extended)
        assert connection.info.transaction_status == TransactionStatus.IDLE
        _execute(connection, "INSERT INTO t VALUES (3)", extended=extended)
    assert database.stored() == [1, 3]


@EXTENDED
def test_a_commit_that_fails_has_rolled_back(open_wires: OpenWires, database: Database, *, extended: bool) -> None:
    """As with a serialization failure at COMMIT: the transaction is over, and nothing of it is there."""
    with connect(open_wires(_fails("postgres.commit#1")), autocommit=True) as connection:
        for round_, expected in ((1, TransactionStatus.IDLE), (2, TransactionStatus.IDLE)):
            _execute(connection, "BEGIN", extended=extended)
            _execute(connection, INSERTS[round_], extended=extended)
            if round_ == 1:
                with pytest.raises(errors.SerializationFailure):
                    _execute(connection, "COMMIT", extended=extended)
                assert database.sessions()[0][0] == "idle"
            else:
                _execute(connection, "COMMIT", extended=extended)
            assert connection.info.transaction_status == expected
    assert database.stored() == [2]


@EXTENDED
def test_a_begin_that_fails_has_begun_nothing(open_wires: OpenWires, database: Database, *, extended: bool) -> None:
    """The server is in no transaction that the client does not know of."""
    with connect(open_wires(_fails("postgres.begin#1")), autocommit=True) as connection:
        with pytest.raises(errors.SerializationFailure):
            _execute(connection, "BEGIN", extended=extended)
        assert connection.info.transaction_status == TransactionStatus.IDLE
        _execute(connection, "INSERT INTO t VALUES (1)", extended=extended)
    assert database.stored() == [1]


@EXTENDED
def test_a_copy_that_fails_takes_no_data(open_wires: OpenWires, database: Database, *, extended: bool) -> None:
    """The error comes instead of the request for data, and the next COPY works."""
    with connect(open_wires(_fails("postgres.copy#1", "53100")), autocommit=True) as connection:
        assert _copy(connection, extended=extended) == (ExecStatus.FATAL_ERROR, "53100")
        assert _copy(connection, extended=extended) == (ExecStatus.COMMAND_OK, None)
    assert database.stored() == [7, 8]


@EXTENDED
def test_a_copy_that_the_server_refuses_leaves_a_usable_connection(
    open_wires: OpenWires, database: Database, *, extended: bool
) -> None:
    """An error of the server's own in the middle of the data comes through."""
    with connect(open_wires(), autocommit=True) as connection:
        status, sqlstate = _copy(connection, b"7\n7\n" + b"8\n" * 200_000, extended=extended)
        assert (status, sqlstate) == (ExecStatus.FATAL_ERROR, "23505")
        assert _copy(connection, extended=extended) == (ExecStatus.COMMAND_OK, None)
        connection.execute("INSERT INTO t VALUES (9)")
    assert database.stored() == [7, 8, 9]


def _copy(
    connection: psycopg.Connection[Any], data: bytes = b"7\n8\n", *, extended: bool
) -> tuple[ExecStatus, str | None]:
    """A COPY by libpq's own calls; psycopg's always takes the simple protocol."""
    raw = connection.pgconn
    sql = b"COPY t FROM STDIN"
    raw.send_query_params(sql, None) if extended else raw.send_query(sql)
    results = [_result(raw)]
    if results[0] is not None and results[0].status == ExecStatus.COPY_IN:
        results.clear()
        _send(raw, lambda: raw.put_copy_data(data))
        _send(raw, raw.put_copy_end)
        results.append(_result(raw))
    while results[-1] is not None:
        results.append(_result(raw))
    first = results[0]
    assert first is not None
    sqlstate = first.error_field(DiagnosticField.SQLSTATE)
    return ExecStatus(first.status), sqlstate.decode() if sqlstate else None


def _send(raw: PGconn, put: Callable[[], int]) -> None:
    """Hand something to libpq, and that to the network: its blocking calls would keep the proxy's thread waiting."""
    while put() == 0:
        raw.flush()
        _writable(raw)
    while raw.flush():
        _writable(raw)


def _writable(raw: PGconn) -> None:
    select.select([raw.socket], [raw.socket], [], DEADLINE_S)
    raw.consume_input()


def _result(raw: PGconn) -> PGresult | None:
    while raw.flush() or raw.is_busy():
        assert select.select([raw.socket], [], [], DEADLINE_S)[0]
        raw.consume_input()
    return raw.get_result()


def test_an_error_in_a_pipeline_skips_to_its_end(open_wires: OpenWires, database: Database) -> None:
    """What was sent behind the failed statement is not carried out, what was before it is undone."""
    with connect(open_wires(_fails("postgres.insert#2")), autocommit=True) as connection:
        with pytest.raises(errors.SerializationFailure):
            _pipeline(connection)
        assert connection.info.transaction_status == TransactionStatus.IDLE
        connection.execute("INSERT INTO t VALUES (5)")
    assert database.stored() == [5]


def _pipeline(connection: psycopg.Connection[Any]) -> None:
    with connection.pipeline():
        for number in range(4):
            connection.execute("INSERT INTO t VALUES (%s)", (number,))


def test_a_sync_that_commits_can_fail(open_wires: OpenWires, database: Database) -> None:
    """Statements whose answers were given are undone, as by a deferred constraint.

    libpq cannot go on after an error there, so the connection itself is of no more use.
    """
    wires = open_wires(_fails("postgres.sync#1"))
    connection = connect(wires, autocommit=True)
    with pytest.raises(psycopg.Error), connection.pipeline():
        assert connection.execute("INSERT INTO t VALUES (1) RETURNING a").fetchone() == (1,)
    connection.close()
    assert wires.wait_quiet(DEADLINE_S)
    assert database.stored() == []


def test_an_error_back_to_a_savepoint_keeps_the_transaction(open_wires: OpenWires, database: Database) -> None:
    """A failed statement inside a savepoint is undone, the rest of the transaction commits."""
    with connect(open_wires(_fails("postgres.insert#2"))) as connection, connection.transaction():
        connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(errors.SerializationFailure), connection.transaction():
            connection.execute("INSERT INTO t VALUES (2)")
        connection.execute("INSERT INTO t VALUES (3)")
    assert database.stored() == [1, 3]


def test_connections_can_be_refused_and_taken_again(open_wires: OpenWires) -> None:
    """While refused, the kernel itself refuses; a connection that is open goes on."""
    wires = open_wires()
    with connect(wires, autocommit=True) as connection:
        wires.refuse_database()
        with pytest.raises(psycopg.OperationalError, match="refused"):
            connect(wires)
        assert connection.execute("SELECT 1").fetchone() == (1,)
        wires.accept_database()
        connect(wires).close()


def test_open_connections_can_be_dropped(open_wires: OpenWires) -> None:
    """The client sees its connection end, and can make a new one."""
    wires = open_wires()
    with connect(wires, autocommit=True) as connection:
        wires.drop_database()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    connect(wires).close()


def test_a_server_that_is_not_there_ends_the_connection(open_wires: OpenWires, database: Database) -> None:
    """A proxy in front of nothing keeps nobody waiting."""
    host, _, _ = database.url.rpartition(":")
    wires = open_wires(database_url=f"{host}:1/postgres")
    with pytest.raises(psycopg.OperationalError):
        connect(wires)


def test_a_session_that_the_server_ends_is_told_why(open_wires: OpenWires, database: Database) -> None:
    """The server's last words reach the client."""
    with connect(open_wires(), autocommit=True) as connection:
        database.rows("SELECT pg_terminate_backend(%s, 5000)", connection.info.backend_pid)
        with pytest.raises(errors.AdminShutdown):
            connection.execute("SELECT 1")


def test_a_slow_wire_delays_every_statement(open_wires: OpenWires) -> None:
    """Latency is added to each statement, housekeeping too."""
    wires = open_wires(On("postgres.select#2", Edge.BEFORE, Delay(0.1)), housekeeping=("heartbeat",))
    with connect(wires, autocommit=True) as connection:
        wires.slow_database(0.05)
        start = time.monotonic()
        for sql in ("SELECT 1", "SELECT 2", "SELECT 'heartbeat'"):
            connection.execute(sql.encode())
        # Lower bounds only: a busy machine makes it slower, nothing makes it faster.
        assert time.monotonic() - start >= 3 * 0.05 + 0.1
    assert wires.wait_quiet(DEADLINE_S)
