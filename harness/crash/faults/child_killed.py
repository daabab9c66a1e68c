"""A child of the process is killed: the one that reads a PDF."""

import contextlib
import os
import signal
from dataclasses import dataclass

from harness.crash.faults.fault import NotExercised, Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message

_SEEN_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class ChildKilled:
    """SIGKILL for every child of the service that is seen within two seconds of the message."""

    name: str = "child-killed"
    summary: str = "the PDF child is killed"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002
        """Where a child may be at work beside the message, or is started by it."""
        return message.wire != "client"

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Let the message go and kill the first child that is seen."""
        scene.release()
        if not scene.wait_until(lambda: scene.instance.children, _SEEN_WITHIN_S):
            raise NotExercised("the target had no child process")
        for pid in scene.instance.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return Struck(documents_lost=1)
