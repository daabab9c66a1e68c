"""The queries of the importer's invariants file, on a small content that is whole and on what breaks it."""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from harness.crash.evidence import Facts
from harness.crash.oracle.facts import jobs_in
from harness.dependencies.postgres import PostgresServer, fresh_database
from harness.target import load_target
from importer.database.migrate import migrate

VIOLATIONS = ("twice", "half_documents", "checkpoint_ahead", "dishonest_status", "leftovers")
QUERIES = load_target("importer", Path()).invariants
WHOLE = """
INSERT INTO jobs (id, status, upload_bytes, documents_total, documents_done, documents_failed, chunks_stored,
                  finished_at)
VALUES (md5('job')::uuid, 'completed_with_errors', 9, 3, 2, 1, 2, now());
INSERT INTO chunks (id, job_id, model, text, embedding)
VALUES (md5('c1')::uuid, md5('job')::uuid, 'm', 'one', '[1,2]'),
       (md5('c2')::uuid, md5('job')::uuid, 'm', 'two', '[3,4]');
INSERT INTO concepts (id, job_id, model, name, embedding_half)
VALUES (md5('k1')::uuid, md5('job')::uuid, 'm', 'red', '[1,2]'),
       (md5('k2')::uuid, md5('job')::uuid, 'm', 'blue', '[3,4]');
INSERT INTO extractions VALUES (md5('e')::uuid, md5('job')::uuid, 'llm', '{red,blue}');
INSERT INTO documents VALUES (md5('d1')::uuid, 'd1', 'First', 'm', 2, md5('e')::uuid),
                             (md5('d2')::uuid, 'd2', 'Second', 'm', 1, NULL);
INSERT INTO document_chunks VALUES (md5('d1')::uuid, 0, md5('c1')::uuid), (md5('d1')::uuid, 1, md5('c2')::uuid),
                                   (md5('d2')::uuid, 0, md5('c1')::uuid);
INSERT INTO mentions VALUES (md5('d1')::uuid, md5('k1')::uuid), (md5('d1')::uuid, md5('k2')::uuid);
INSERT INTO relations VALUES (md5('k1')::uuid, md5('k2')::uuid, 1);
INSERT INTO job_documents VALUES (md5('job')::uuid, 0, 'd1', 'stored', md5('d1')::uuid, NULL, NULL),
                                 (md5('job')::uuid, 1, 'd2', 'stored', md5('d2')::uuid, NULL, NULL),
                                 (md5('job')::uuid, 2, 'd3', 'failed', NULL, 'empty', NULL)
"""
BROKEN = [
    ("twice", "INSERT INTO chunks (id, job_id, model, text) VALUES (md5('x')::uuid, md5('job')::uuid, 'm', 'one')"),
    ("twice", "INSERT INTO concepts (id, job_id, model, name) VALUES (md5('x')::uuid, md5('job')::uuid, 'm', 'red')"),
    (
        "twice",
        "INSERT INTO documents VALUES (md5('x')::uuid, 'd1 again', 'Second', 'm', 1, NULL);"
        "INSERT INTO document_chunks VALUES (md5('x')::uuid, 0, md5('c1')::uuid)",
    ),
    ("twice", "INSERT INTO relations VALUES (md5('k2')::uuid, md5('k1')::uuid, 1)"),
    ("half_documents", "DELETE FROM document_chunks WHERE ordinal = 1"),
    ("half_documents", "UPDATE document_chunks SET ordinal = 7 WHERE ordinal = 1"),
    ("half_documents", "DELETE FROM chunks WHERE text = 'two'"),
    ("half_documents", "UPDATE chunks SET embedding = NULL WHERE text = 'two'"),
    ("half_documents", "DELETE FROM mentions WHERE concept_id = md5('k1')::uuid"),
    ("half_documents", "DELETE FROM concepts WHERE name = 'red'"),
    ("half_documents", "DELETE FROM extractions"),
    ("checkpoint_ahead", "UPDATE jobs SET documents_done = 3"),
    ("checkpoint_ahead", "DELETE FROM job_documents WHERE position = 1"),
    ("checkpoint_ahead", "DELETE FROM documents WHERE name = 'd2'"),
    ("checkpoint_ahead", "DELETE FROM chunks WHERE text = 'two'"),
    ("checkpoint_ahead", "DELETE FROM concepts WHERE name = 'red'"),
    ("checkpoint_ahead", "DELETE FROM job_documents WHERE position = 2; UPDATE jobs SET chunks_stored = 3"),
    ("dishonest_status", "UPDATE jobs SET documents_total = 4"),
    ("dishonest_status", "UPDATE jobs SET documents_total = NULL"),
    ("dishonest_status", "UPDATE jobs SET status = 'completed'"),
    ("dishonest_status", "UPDATE jobs SET documents_failed = 0, documents_done = 3"),
    ("dishonest_status", "UPDATE jobs SET status = 'interrupted'"),
    ("dishonest_status", "UPDATE jobs SET finished_at = NULL"),
    ("dishonest_status", "UPDATE job_documents SET reason = NULL"),
    (
        "leftovers",
        "INSERT INTO chunks (id, job_id, model, text) VALUES (md5('x')::uuid, md5('job')::uuid, 'm', 'three')",
    ),
    ("leftovers", "DELETE FROM mentions"),
    ("leftovers", "DELETE FROM job_documents WHERE position = 1"),
]
WRITES = [
    "UPDATE jobs SET status = status",
    "UPDATE chunks SET text = text WHERE text = 'one'",
    "DELETE FROM relations",
    "INSERT INTO extractions VALUES (md5('x')::uuid, md5('job')::uuid, 'llm', '{}')",
]

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def whole(postgres: PostgresServer) -> Iterator[str]:
    """A database with two whole documents of a job that is complete."""

    async def prepare(database_url: str) -> None:
        async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
            await migrate(connection)

    with fresh_database(postgres) as database_url:
        asyncio.run(prepare(database_url))
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(WHOLE.encode())
        yield database_url


@pytest.fixture
def stored(whole: str) -> Iterator[Connection]:
    """A connection to it; what a test does to it is rolled back."""
    with psycopg.connect(whole) as connection:
        yield connection
        connection.rollback()


def _facts(connection: Connection) -> Facts:
    return {name: tuple(connection.execute(sql.encode()).fetchall()) for name, sql in QUERIES.items()}


def test_whole_content_has_no_violations_and_tells_its_facts(stored: Connection) -> None:
    """Nothing is found where nothing is wrong, and the facts have the columns that the oracle reads."""
    found = _facts(stored)
    assert {name: found[name] for name in VIOLATIONS} == dict.fromkeys(VIOLATIONS, ())
    (job,) = jobs_in(found)
    assert (job.status, job.total, job.settled, job.failed, job.listed, job.chunks) == (
        "completed_with_errors", 3, 3, 1, 3, 2,
    )  # fmt: skip
    prompts = ("concept: blue", "concept: red", "one", "two")
    assert tuple(prompt for prompt, _ in found["vectors"]) == prompts
    assert {digest for (digest,) in found["paid"]} == {hashlib.sha256(one.encode()).hexdigest() for one in prompts}
    assert found["paid_answers"] == (("openai.chat", 1),)
    assert found["failed_documents"] == (("d3", "empty"),)
    assert found["garbage_due"] == ()


@pytest.mark.parametrize(("block", "harm"), BROKEN, ids=[f"{block}-{n}" for n, (block, _) in enumerate(BROKEN)])
def test_each_harm_is_found(stored: Connection, block: str, harm: str) -> None:
    """What is missing, doubled or untrue yields a row of the block that looks for it."""
    stored.execute(harm.encode())
    assert _facts(stored)[block]


@pytest.mark.parametrize("statement", WRITES)
def test_every_write_is_seen(stored: Connection, statement: str) -> None:
    """Also one that changes nothing; looking at it all changes nothing itself."""
    before = _facts(stored)["writes"]
    assert _facts(stored)["writes"] == before
    stored.execute(statement.encode())
    assert _facts(stored)["writes"] != before


def test_what_is_unfinished_is_no_violation(stored: Connection) -> None:
    """A job that was interrupted has chunks without a document and fewer documents than its upload: it will go on."""
    stored.execute(b"DELETE FROM job_documents WHERE position > 0")
    stored.execute(
        b"UPDATE jobs SET status = 'running', documents_done = 1, documents_failed = 0, finished_at = NULL;"
        b"INSERT INTO chunks (id, job_id, model, text) VALUES (md5('x')::uuid, md5('job')::uuid, 'm', 'three')"
    )
    found = _facts(stored)
    assert {name: found[name] for name in VIOLATIONS} == dict.fromkeys(VIOLATIONS, ())


def test_an_empty_database_has_no_violations(stored: Connection) -> None:
    """Before the first upload there is nothing to find."""
    stored.execute(
        b"TRUNCATE jobs, chunks, concepts, extractions, documents, document_chunks, mentions, relations CASCADE"
    )
    found = _facts(stored)
    assert {name: found[name] for name in VIOLATIONS} == dict.fromkeys(VIOLATIONS, ())
