"""The process is stopped for longer than its heartbeat, replaced, and then goes on as if nothing had been."""

import signal
from dataclasses import dataclass

from harness.crash.evidence import ZOMBIE_SLEEPS, ZOMBIE_WOKE
from harness.crash.faults.fault import NotExercised, Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message

_AWAKE_S = 1.0
"""How long the woken process is watched: several times what it needs for its next write."""


@dataclass(frozen=True, slots=True)
class Zombie:
    """SIGSTOP; another instance takes over and finishes; SIGCONT: the first must write nothing and ask nobody."""

    name: str = "zombie"
    summary: str = "SIGSTOP past the heartbeat, another instance finishes, SIGCONT"

    def fits(self, message: Message, edge: Edge) -> bool:  # noqa: ARG002
        """While it runs a job; a call of the client is not its own."""
        return message.wire != "client"

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Stop it, let the message go, have the work finished by another one, and wake it."""
        if not scene.visitor.job_ids or scene.visitor.finished.is_set():
            scene.release()
            raise NotExercised("no import was running")
        stopped, other = scene.instance, scene.second_instance()
        stopped.sample()
        stopped.container.signal(signal.SIGSTOP)
        scene.release()
        scene.move_to(other)
        scene.start()
        finished = scene.wait_until(scene.visitor.finished.is_set, scene.scenario.crash.bound_s)
        if finished:
            scene.snapshot(ZOMBIE_SLEEPS)
        stopped.container.signal(signal.SIGCONT)
        scene.wait_until(lambda: False, _AWAKE_S)
        if finished:
            scene.snapshot(ZOMBIE_WOKE)
        stopped.kill()
        return Struck(ended_process=True)
