"""The process is asked to end, with enough time for it or with too little."""

import signal
from dataclasses import dataclass

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message

_ENDS_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class SigTerm:
    """SIGTERM while the message is held; it is let go on, and the process has all the time that it wants."""

    name: str = "sigterm"
    summary: str = "SIGTERM with enough grace"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """A process can be asked to end at any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Ask, let the message go, and wait."""
        scene.instance.container.signal(signal.SIGTERM)
        scene.release()
        if scene.instance.wait(_ENDS_WITHIN_S) is None:
            scene.instance.kill()
        scene.settle_crash()
        scene.start()
        return Struck(ended_process=True)


@dataclass(frozen=True, slots=True)
class ShortSigTerm:
    """SIGTERM while the message is held and stays so, then SIGKILL: a platform whose grace is too short."""

    name: str = "sigterm-short"
    summary: str = "SIGTERM, and SIGKILL before it could end"
    grace_s: float = 0.3

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002 - everywhere
        """A process can be asked to end at any message."""
        return True

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Ask, wait a little, kill."""
        scene.instance.container.signal(signal.SIGTERM)
        if scene.instance.wait(self.grace_s) is None:
            scene.crash(scene.instance.kill)
        else:
            scene.crash(lambda: None)
        scene.start()
        return Struck(ended_process=True)
