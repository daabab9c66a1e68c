"""The database refuses one statement, as it does for real."""

from dataclasses import dataclass

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.tap import Action, Deliver, SqlError

_WRITING = ("copy", "insert", "update", "delete", "merge")


@dataclass(frozen=True, slots=True)
class SqlRefusal:
    """Answers one statement with an SQLSTATE, in the server's place."""

    name: str
    summary: str
    sqlstate: str
    text: str

    def fits(self, message: Message, edge: Edge) -> bool:
        """In the place of a statement of the database."""
        return message.wire == "postgres" and edge is Edge.BEFORE

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Answer with the error."""
        scene.release(SqlError(self.sqlstate, self.text))
        return Struck()

    def action(self, message: Message) -> Action:
        """The error in the place of a statement that writes; reading goes on, as on a full disk."""
        return SqlError(self.sqlstate, self.text) if message.kind in _WRITING else Deliver()


SQL_REFUSALS = (
    SqlRefusal("serialization", "40001", "40001", "could not serialize access due to concurrent update"),
    SqlRefusal("deadlock", "40P01", "40P01", "deadlock detected"),
    SqlRefusal("disk-full", "53100, disk full", "53100", "could not extend file: No space left on device"),
    SqlRefusal("read-only", "25006, read-only", "25006", "cannot execute in a read-only transaction"),
)
"""Every SQLSTATE that is injected."""
