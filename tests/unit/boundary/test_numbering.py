"""Numbers of messages, and what gets none."""

import pytest

from harness.dependencies.boundary.numbering import Numbering
from harness.dependencies.boundary.statements import read_statement
from harness.dependencies.boundary.transactions import Transaction
from harness.errors import BoundaryError


def test_messages_are_counted_per_wire_and_kind() -> None:
    """The n-th message of a kind is called so, whatever passes in between."""
    numbering = Numbering()
    asked = [("postgres", "commit"), ("postgres", "insert"), ("openai", "chat"), ("postgres", "commit")]
    named = [message.name for wire, kind in asked if (message := numbering.number(wire, kind, "x"))]
    assert named == ["postgres.commit#1", "postgres.insert#1", "openai.chat#1", "postgres.commit#2"]


def test_housekeeping_is_never_numbered() -> None:
    """A heartbeat between two messages does not move their numbers, however its SQL is laid out."""
    numbering = Numbering([r"^update heartbeats set", r"/status/"])
    assert numbering.number("postgres", "update", "UPDATE heartbeats\n   SET beat_at = now()") is None
    assert numbering.number("client", "status", "/api/import/status/5") is None
    message = numbering.number("postgres", "update", "UPDATE jobs SET stage = 'heartbeats'")
    assert message is not None
    assert message.name == "postgres.update#1"


def test_a_restart_counts_from_one() -> None:
    """The second point of a pair is counted from the target's restart."""
    numbering = Numbering()
    numbering.number("postgres", "commit", "COMMIT")
    numbering.restart()
    message = numbering.number("postgres", "commit", "COMMIT")
    assert message is not None
    assert message.n == 1


def test_a_pattern_that_is_no_regular_expression_is_named() -> None:
    """A typing error in the target file is told with the pattern."""
    with pytest.raises(BoundaryError, match=r"\[boundary\] housekeeping: 'beat\('"):
        Numbering(["ok", "beat("])


def _ends_as_housekeeping(statements: str) -> bool:
    """Whether a COMMIT does, behind statements that are housekeeping (h) or numbered (n)."""
    transaction = Transaction()
    transaction.delivering(read_statement("BEGIN"), numbered=True)
    for one in statements:
        transaction.delivering(read_statement("UPDATE t"), numbered=one == "n")
    return transaction.is_housekeeping(read_statement("COMMIT"))


def test_a_transaction_of_housekeeping_ends_as_housekeeping() -> None:
    """The COMMIT of a heartbeat is no crash point; one that commits anything else is, and so is an empty one."""
    assert _ends_as_housekeeping("hh")
    assert not _ends_as_housekeeping("hn")
    assert not _ends_as_housekeeping("")


def test_what_is_housekeeping_in_one_transaction_says_nothing_of_the_next() -> None:
    """Each transaction is judged by itself."""
    transaction = Transaction()
    for sql, numbered in (("BEGIN", True), ("UPDATE t", False), ("COMMIT", False)):
        transaction.delivering(read_statement(sql), numbered=numbered)
        transaction.complete()
    transaction.ready(b"I")
    transaction.delivering(read_statement("BEGIN"), numbered=True)
    transaction.delivering(read_statement("INSERT"), numbered=True)
    assert not transaction.is_housekeeping(read_statement("COMMIT"))


def test_an_empty_statement_is_housekeeping() -> None:
    """What a pool sends to see whether a connection lives is no message."""
    assert Transaction().is_housekeeping(read_statement(" -- nothing\n ;"))
