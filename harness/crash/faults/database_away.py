"""The database cannot be reached for a while, or answers slowly."""

from dataclasses import dataclass

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.tap import Action, Deliver, Drop

_AWAY_S = 0.7


@dataclass(frozen=True, slots=True)
class DatabaseAway:
    """Every connection is cut, and new ones are refused for a while."""

    name: str = "database-away"
    summary: str = "connections to the database cut and refused for 0.7 s"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """At any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Refuse, cut, wait, accept."""
        scene.wires.refuse_database()
        scene.wires.drop_database()
        scene.release(self.action(message))
        scene.wait_until(lambda: False, _AWAY_S)
        scene.wires.accept_database()
        return Struck()

    def action(self, message: Message) -> Action:
        """The end of the connection."""
        return Drop() if message.wire == "postgres" else Deliver()


@dataclass(frozen=True, slots=True)
class RefusedAtStart:
    """The process is killed, and finds no database at its next start, nor while the import is resumed."""

    name: str = "database-away-at-start"
    summary: str = "killed; the database refuses at the start and again during the resume"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """At any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Kill, start without a database, start with one, and take it away once more when the resume was sent."""
        scene.crash(scene.instance.kill)
        scene.wires.refuse_database()
        scene.start_in_vain(_AWAY_S)
        scene.wires.accept_database()
        scene.start()
        resumes = len(scene.visitor.resumes)
        scene.wait_until(lambda: len(scene.visitor.resumes) > resumes or scene.visitor.finished.is_set(), _RESUMED_S)
        scene.wires.refuse_database()
        scene.wires.drop_database()
        scene.wait_until(lambda: False, _AWAY_S)
        scene.wires.accept_database()
        return Struck(ended_process=True)


_RESUMED_S = 4.0


@dataclass(frozen=True, slots=True)
class SlowDatabase:
    """Every statement from here on waits before it is delivered."""

    name: str = "slow-database"
    summary: str = "10 ms before every statement"
    latency_s: float = 0.01

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """At any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Slow it down for the rest of the cycle."""
        scene.wires.slow_database(self.latency_s)
        scene.release()
        return Struck(tamed=True)

    def action(self, message: Message) -> Action:  # noqa: ARG002
        """Nothing: the wire itself is slow."""
        return Deliver()
