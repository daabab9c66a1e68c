"""The process is killed at once, as by a platform, an operator or a power cut."""

from dataclasses import dataclass

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message


@dataclass(frozen=True, slots=True)
class SigKill:
    """SIGKILL while the message is held; then the target is started again."""

    name: str = "sigkill"
    summary: str = "the process is killed"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """A process can be killed at any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Kill it and start it again."""
        scene.crash(scene.instance.kill)
        scene.start()
        return Struck(ended_process=True)
