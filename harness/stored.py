"""What a target has stored, as a digest that does not depend on order, ids or times."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from harness.dependencies.postgres import mask_url
from harness.errors import TargetError


@dataclass(frozen=True, slots=True)
class StoredDigest:
    """One digest over every kind of row, and how many rows of each kind there are."""

    digest: str
    rows: Mapping[str, int]


def digest_stored(database_url: str, sql: str) -> StoredDigest:
    """Run the target's fingerprint SQL, which yields (name, rows, digest) for each kind of row."""
    try:
        with psycopg.connect(database_url, connect_timeout=10) as connection:
            rows = connection.execute(sql.encode()).fetchall()
    except psycopg.Error as error:
        raise TargetError(f"the fingerprint SQL failed on {mask_url(database_url)}: {error}") from None
    lines = sorted(f"{name}\t{count}\t{digest}" for name, count, digest in rows)
    return StoredDigest(hashlib.sha256("\n".join(lines).encode()).hexdigest(), {name: count for name, count, _ in rows})
