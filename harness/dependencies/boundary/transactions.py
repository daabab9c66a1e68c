"""What the proxy knows of a connection's transaction, and whether all of it is housekeeping."""

from harness.dependencies.boundary.statements import EMPTY, Statement

IDLE = b"I"


class Transaction:
    """Follows the statements of one connection; `status` is as the last ReadyForQuery told it."""

    def __init__(self) -> None:
        self.status = IDLE
        self.sync_commits = False
        """Whether a Sync now commits a numbered statement whose answer was given already."""
        self._explicit = False
        self._current: Statement | None = None
        self._current_numbered = False
        self._numbered: set[bool] = set()

    def is_housekeeping(self, statement: Statement) -> bool:
        """Whether a statement is nothing, or ends a transaction in which everything since BEGIN was housekeeping.

        A BEGIN comes before that is known, and is judged by the patterns alone: where transactions of housekeeping
        come by the clock, `^BEGIN` belongs to the patterns. What a crash there does is what one before the first
        statement does.
        """
        return statement.verb == EMPTY or (statement.ends_transaction and self._numbered == {False})

    def delivering(self, statement: Statement, *, numbered: bool) -> None:
        """A statement goes to the server."""
        self._current, self._current_numbered = statement, numbered
        if statement.verb == "begin":
            self._numbered.clear()
        else:
            self._numbered.add(numbered)

    def complete(self) -> None:
        """The server told CommandComplete of that statement."""
        if self._current is None:
            return
        if self._current.verb == "begin":
            self._explicit = True
        elif self._current.ends_transaction:
            self._explicit = self.sync_commits = False
        elif not self._explicit and self._current_numbered:
            self.sync_commits = True

    def ready(self, status: bytes) -> None:
        """The server told ReadyForQuery."""
        self.status = status
        self._explicit = status != IDLE
        self.sync_commits = False
        if status == IDLE:
            self._numbered.clear()
