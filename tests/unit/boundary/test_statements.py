"""Kinds of SQL statements."""

import pytest

from harness.dependencies.boundary.statements import EMPTY, read_statement


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("BEGIN", "begin"),
        ("start transaction isolation level serializable", "begin"),
        ("COMMIT", "commit"),
        ("END", "commit"),
        ("ABORT", "rollback"),
        ("ROLLBACK TO s", "rollback"),
        ("\n -- why\n /* what; SELECT */ Insert INTO t VALUES (1)", "insert"),
        ("COPY t FROM STDIN (FORMAT BINARY)", "copy"),
        ("(SELECT 1) UNION (SELECT 2)", "select"),
        ("SELECT procrastinate_defer_jobs_v1($1)", "select"),
        ("LISTEN procrastinate_any_queue", "listen"),
        ("BEGIN; INSERT INTO t VALUES (1); COMMIT", "begin"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "select"),
        (
            "WITH a AS (SELECT ')' || $x$ ) INSERT $x$), b AS (DELETE FROM t RETURNING *) INSERT INTO u TABLE b",
            "insert",
        ),
        ("with recursive update(n) as materialized (values (1)) delete from t", "delete"),
        ("WITH \"select\" AS (SELECT E'\\')') UPDATE t SET a = 1", "update"),
        ("WITH a AS (SELECT 1) SEARCH BREADTH FIRST BY id SET o MERGE INTO t USING a ON true", "merge"),
        ("", EMPTY),
        (" ; ", EMPTY),
        ("-- only a comment", EMPTY),
        ("'text'", "other"),
        ("WITH", "other"),
    ],
)
def test_a_statement_is_called_by_its_verb(sql: str, verb: str) -> None:
    """Comments, brackets and common table expressions do not hide what a statement does."""
    assert read_statement(sql).verb == verb


@pytest.mark.parametrize(
    ("sql", "ends"),
    [
        ("COMMIT", True),
        ("commit and chain", True),
        ("end transaction", True),
        ("ROLLBACK", True),
        ("ROLLBACK TO SAVEPOINT a", False),
        ('ROLLBACK TO "_pg3_1"; RELEASE "_pg3_1"', False),
        ("INSERT INTO t VALUES (1)", False),
        ("", False),
    ],
)
def test_what_ends_a_transaction_is_known(sql: str, ends: bool) -> None:  # noqa: FBT001
    """A rollback to a savepoint leaves its transaction open."""
    assert read_statement(sql).ends_transaction is ends


def test_comments_are_no_part_of_a_statements_text() -> None:
    """A pattern finds a statement whatever is written above it, and text in quotes stays as it is."""
    sql = "-- why\nUPDATE t /* here */ SET a = '-- no  comment'\n WHERE b"
    assert read_statement(sql).text == "UPDATE t SET a = '-- no comment' WHERE b"


def test_a_statement_of_any_length_is_read() -> None:
    """Literals of megabytes cost no more than the beginning of them."""
    statement = read_statement(f"VALUES ('{'x' * 3_000_000}')")
    assert (statement.verb, len(statement.text) < 5000) == ("values", True)
