"""What each edge of a statement promises, with a real server and a client that is cut off there."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from harness.dependencies.boundary.messages import EDGES, Edge
from harness.dependencies.boundary.points import parse_points
from harness.dependencies.boundary.tap import Deliver, Drop
from harness.dependencies.boundary.trap import Trap
from tests.integration.boundary.conftest import DEADLINE_S, Database, OpenWires, connect

STEPS = ("begin", "insert", "copy", "commit")
Work = Callable[[psycopg.Connection[Any]], Iterator[str]]


def transaction(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """One of each, told when it was answered."""
    connection.execute("BEGIN")
    yield "begin"
    connection.execute("INSERT INTO t VALUES (%s)", (1,))
    yield "insert"
    with connection.cursor().copy("COPY t FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int4"])
        for number in (2, 3):
            copy.write_row((number,))
    yield "copy"
    connection.execute("COMMIT")
    yield "commit"


def pipelined(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """A transaction whose statements are sent before the first of them is answered."""
    with connection.pipeline():
        for sql in ("BEGIN", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2), (3)", "COMMIT"):
            connection.execute(sql)
    yield "pipeline"


class Client:
    """A target in a thread: does its work until it is cut off."""

    def __init__(self, connection: psycopg.Connection[Any], work: Work) -> None:
        self.answered: list[str] = []
        self._connection, self._work = connection, work
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answered.extend(self._work(self._connection))
        except psycopg.OperationalError:
            self.answered.append("cut")
        self._connection.close()

    def join(self) -> list[str]:
        """What it had answered, at its end."""
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()
        return self.answered


def _cut(open_wires: OpenWires, work: Work, point: str) -> tuple[Trap, Client, Any]:
    trap = Trap(parse_points(f"{point}/sigkill"))
    wires = open_wires(trap)
    client = Client(connect(wires, autocommit=True), work)
    assert trap.wait(DEADLINE_S) is not None
    return trap, client, wires


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("step", STEPS)
def test_a_statement_is_carried_out_between_before_and_unacknowledged(
    open_wires: OpenWires, database: Database, step: str, edge: Edge
) -> None:
    """While a message is held, the server has seen it or not, and the client knows of it or not; then all is undone.

    Only what a COMMIT has carried out stays, acknowledged or not.
    """
    trap, client, wires = _cut(open_wires, transaction, f"postgres.{step}#1@{edge.value}")
    done = STEPS.index(step) + (edge is not Edge.BEFORE)
    ((state, last),) = database.sessions()
    assert (state == "idle in transaction") == (0 < done < len(STEPS))
    assert last.lower().startswith(STEPS[done - 1] if done else ("", ";"))
    committed = [1, 2, 3] if done == len(STEPS) else []
    assert database.stored() == committed
    trap.release(Drop())
    acknowledged = STEPS.index(step) + (edge is Edge.AFTER)
    assert client.join() == [*STEPS[:acknowledged], *(["cut"] if acknowledged < len(STEPS) else [])]
    assert wires.wait_quiet(DEADLINE_S)
    assert _gone(database)
    assert database.stored() == committed


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("point", ["insert#1", "insert#2", "commit#1"])
def test_the_edges_hold_within_a_pipeline(open_wires: OpenWires, database: Database, point: str, edge: Edge) -> None:
    """Nothing of a held statement, and nothing behind it, has been carried out, however it was sent."""
    trap, client, wires = _cut(open_wires, pipelined, f"postgres.{point}@{edge.value}")
    committed = [1, 2, 3] if point == "commit#1" and edge is not Edge.BEFORE else []
    assert database.stored() == committed
    ((_, last),) = database.sessions()
    carried = ("BEGIN", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2), (3)", "COMMIT")
    place = {"insert#1": 0, "insert#2": 1, "commit#1": 2}[point] + (edge is not Edge.BEFORE)
    assert last == carried[place]
    trap.release(Drop())
    client.join()
    assert wires.wait_quiet(DEADLINE_S)
    assert database.stored() == committed


@pytest.mark.parametrize("prepare", [False, True])
@pytest.mark.parametrize("edge", EDGES)
def test_outside_a_transaction_an_unacknowledged_insert_is_durable(
    open_wires: OpenWires, database: Database, edge: Edge, *, prepare: bool
) -> None:
    """In the extended protocol such a statement commits with its Sync, which the edge waits for."""

    def insert(connection: psycopg.Connection[Any]) -> Iterator[str]:
        for number in range(3):
            connection.execute("INSERT INTO t VALUES (%s)", (number,), prepare=prepare)
            yield str(number)

    trap, client, wires = _cut(open_wires, insert, f"postgres.insert#2@{edge.value}")
    stored = [0] if edge is Edge.BEFORE else [0, 1]
    assert database.stored() == stored
    trap.release(Drop())
    assert client.join() == [*(["0", "1"] if edge is Edge.AFTER else ["0"]), "cut"]
    assert wires.wait_quiet(DEADLINE_S)
    assert database.stored() == stored


def test_a_client_that_dies_before_its_commit_is_delivered_has_committed_nothing(
    open_wires: OpenWires, database: Database
) -> None:
    """A message that was held `before` can be dropped when the client is gone; the server never sees it."""
    trap = Trap(parse_points("postgres.commit#1@before/sigkill"))
    wires = open_wires(trap)
    connection = connect(wires)
    connection.execute("INSERT INTO t VALUES (1)")
    connection.pgconn.send_query(b"COMMIT")
    assert trap.wait(DEADLINE_S) is not None
    connection.close()
    trap.release(Drop())
    assert wires.wait_quiet(DEADLINE_S)
    assert database.stored() == []


def test_what_a_client_had_sent_is_carried_out_though_it_dies(open_wires: OpenWires, database: Database) -> None:
    """As without a proxy: the network delivers what a killed process had handed over."""
    wires = open_wires(Trap(()))
    connection = connect(wires)
    connection.execute("INSERT INTO t VALUES (1)")
    connection.pgconn.send_query(b"COMMIT")
    connection.close()
    assert wires.wait_quiet(DEADLINE_S)
    assert database.stored() == [1]


def test_the_server_learns_that_a_client_died_in_the_middle_of_a_statement(
    open_wires: OpenWires, database: Database
) -> None:
    """A session that waits for nobody ends, as it would without a proxy, so that it holds no lock."""
    wires = open_wires(Trap(()))
    connection = connect(wires, options="-c client_connection_check_interval=100")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.pgconn.send_query(b"SELECT pg_sleep(600)")
    connection.close()
    assert wires.wait_quiet(DEADLINE_S)
    assert _gone(database)


def test_a_released_message_goes_on_as_if_nothing_had_been(open_wires: OpenWires, database: Database) -> None:
    """Holding alone changes nothing: a stopped and continued target sees all its answers."""
    trap = Trap(parse_points("postgres.insert#1@unacknowledged/sigstop+postgres.commit#1@before/sigstop"))
    wires = open_wires(trap)
    client = Client(connect(wires, autocommit=True), transaction)
    assert trap.wait(DEADLINE_S) is not None
    trap.arm_next()
    trap.release(Deliver())
    assert trap.wait(DEADLINE_S) is not None
    trap.release(Deliver())
    assert client.join() == list(STEPS)
    assert database.stored() == [1, 2, 3]
    assert (len(trap.fired), trap.unfired) == (2, ())


def _gone(database: Database) -> bool:
    """Whether the server has ended the target's session, after a moment if need be."""
    asked = (database.sessions() for _ in range(1000))
    return any(not sessions for sessions in asked)
