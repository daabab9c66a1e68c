"""The database itself is harmed: sessions are ended by an administrator, or the server crashes."""

from dataclasses import dataclass

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message


@dataclass(frozen=True, slots=True)
class SessionsTerminated:
    """Every session of the target is ended with `pg_terminate_backend`."""

    name: str = "sessions-terminated"
    summary: str = "pg_terminate_backend of all its sessions"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """At any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """End them, and let the message find out."""
        scene.view.terminate_sessions()
        scene.release()
        return Struck()


@dataclass(frozen=True, slots=True)
class ServerCrash:
    """Immediate shutdown and restart of a server that only this cycle uses."""

    name: str = "server-crash"
    summary: str = "immediate shutdown and restart of Postgres"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """At any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Crash it, let the message find out, and start it again."""
        scene.server.stop_immediately()
        scene.release()
        scene.server = scene.server.restart()
        return Struck()


OWN_SERVER = ("server-crash",)
"""Faults that need a server that nobody else uses."""
