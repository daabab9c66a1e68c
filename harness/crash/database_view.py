"""Looks at a cycle's database from outside, past the proxy: facts, digests, sessions and locks."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from harness.crash.evidence import Facts, Snapshot
from harness.errors import TargetError
from harness.stored import digest_stored
from harness.target import Target

_CONNECT_TIMEOUT_S = 10
_LOOK_EVERY_S = 0.01
_SESSIONS = """
SELECT count(*), count(*) FILTER (WHERE xact_start IS NOT NULL AND state <> 'active') FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(frozen=True, slots=True)
class DatabaseView:
    """One database and what the target file says of judging it."""

    url: str
    target: Target

    def snapshot(self, moment: str, job_id: str) -> Snapshot:
        """The facts, and beside a crash the digest of what is stored."""
        sql = self.target.fingerprint_sql
        stored = digest_stored(self.url, sql) if sql and moment != "crashed" else None
        return Snapshot(time.time(), moment, job_id, self._facts(self.target.invariants), stored)

    def sessions(self) -> tuple[int, int]:
        """Sessions beside our own, and those of them in a transaction in which nothing is done."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            return connection.execute(_SESSIONS).fetchone() or (0, 0)

    def locks(self) -> int:
        """Locks that sessions beside our own hold or want."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            row = connection.execute(_LOCKS).fetchone()
            return int(row[0]) if row else 0

    def terminate_sessions(self) -> int:
        """End every session beside our own, as an administrator would; how many that were."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            row = connection.execute(_TERMINATE).fetchone()
            return int(row[0]) if row else 0

    def wait_empty(self, timeout_s: float) -> int:
        """Wait until no session but our own is left; how many still are after the time."""
        deadline_s = time.monotonic() + timeout_s
        with psycopg.connect(self.url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            while True:
                row = connection.execute(_SESSIONS).fetchone()
                left = int(row[0]) if row else 0
                if not left or time.monotonic() > deadline_s:
                    return left
                time.sleep(_LOOK_EVERY_S)

    def _facts(self, queries: Mapping[str, str]) -> Facts:
        facts = {}
        with psycopg.connect(self.url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            for name, sql in queries.items():
                try:
                    facts[name] = tuple(connection.execute(sql.encode()).fetchall())
                except psycopg.Error as error:
                    raise TargetError(f"{self.target.path}: invariants: the query {name} failed: {error}") from None
        return facts
