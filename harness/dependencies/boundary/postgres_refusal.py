"""Makes the server agree with an error that the proxy answers in its place."""

from harness.dependencies.boundary import postgres_messages as protocol
from harness.dependencies.boundary.statements import Statement
from harness.dependencies.boundary.transactions import IDLE

_NAME = "halfgig"
_BROKEN = "halfgig injects a fault"
"""No SQL: the server fails the transaction that it is in, as it would have with the true error."""
_UNDONE = "ROLLBACK"
"""A COMMIT that fails ends the transaction all the same."""


def refusal(statement: Statement, status: bytes, *, extended: bool) -> tuple[bytes, bytes]:
    """What to send to the server instead of the statement, and the kind of message that ends what it says to it.

    Behind an error in the extended protocol the server itself skips to Sync. Nothing is sent where a simple query
    comes outside a transaction.
    """
    if extended:
        undone = protocol.extended(_NAME, _UNDONE) if statement.ends_transaction else b""
        return undone + protocol.parse(_NAME, _BROKEN) + protocol.FLUSH, b"E"
    if status == IDLE:
        return b"", b""
    return protocol.query(_UNDONE if statement.ends_transaction else _BROKEN), b"Z"
