"""What a fault acts on while a message is held: the target's instances, the wires, the client, and the database."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from harness.crash.database_view import DatabaseView
from harness.crash.evidence import CRASHED, Snapshot
from harness.crash.ground import Ground
from harness.crash.instances import Instance, open_instance
from harness.crash.poison import PoisonedInput
from harness.crash.visitor import Visitor
from harness.dependencies.boundary.boundary import Wires
from harness.dependencies.boundary.tap import Action, Deliver, Drop
from harness.dependencies.boundary.trap import Trap
from harness.dependencies.postgres import PostgresServer
from harness.errors import TargetError
from harness.scenario import Scenario
from harness.service import Addresses, free_port
from harness.stopwatch import Stopwatch

_QUIET_S = 5.0
_STARTS_MOST = 5
_ENDS_WITHIN_S = 8.0
_LOOK_EVERY_S = 0.03


@dataclass(slots=True)
class Scene:
    """Belongs to the cycle's own thread; a fault uses it and leaves a running target behind."""

    ground: Ground
    scenario: Scenario
    cycle_dir: Path
    server: PostgresServer
    view: DatabaseView
    wires: Wires
    trap: Trap
    poison: PoisonedInput
    visitor: Visitor
    instance: Instance
    """The one that the client speaks to."""
    opened: ExitStack
    """Closes further instances at the cycle's end."""
    watch: Stopwatch = field(default_factory=Stopwatch)
    snapshots: list[Snapshot] = field(default_factory=list)
    retired: list[Instance] = field(default_factory=list)
    """Instances that are gone."""
    beside: list[Instance] = field(default_factory=list)
    """Instances that live beside the first, until the import is over."""

    def release(self, action: Action | None = None) -> None:
        """Let the held message go on, or do `action` to it."""
        self.trap.release(action or Deliver())

    def crash(self, end: Callable[[], object]) -> None:
        """End the target's process by `end` while the message is held; nothing of it is left on the wires."""
        with self.watch.phase("crash"):
            end()
            self.release(Drop())
            self.settle_crash()

    def settle_crash(self) -> None:
        """After the end of a process: wait until the database knows of it too, look, and count messages anew."""
        if not self.wires.wait_quiet(_QUIET_S) or self.view.wait_empty(_QUIET_S):
            raise TargetError("sessions of the killed target stay in the database")
        self.snapshot(CRASHED)
        self.wires.restart_numbering()

    def start(self) -> None:
        """Start the target, with the next point armed; a target that ends at once is started again, as by a platform.

        Returns too when the next point's message is held before the target is ready.
        """
        self.trap.arm_next()
        with self.watch.phase("start"):
            for left in reversed(range(_STARTS_MOST)):
                try:
                    self.instance.start(self.scenario.target.ready_timeout_s, self.trap.sprung.is_set)
                except TargetError:
                    if not left:
                        raise
                    time.sleep(0.2)
                else:
                    return

    def start_in_vain(self, timeout_s: float) -> None:
        """Start the target where it cannot become ready; it is not left running."""
        self.instance.container.start()
        if self.instance.wait(timeout_s) is None:
            self.instance.kill()

    def snapshot(self, moment: str) -> Snapshot:
        """Look at the database and keep what is seen."""
        job_ids = self.visitor.job_ids
        taken = self.view.snapshot(moment, job_ids[-1] if job_ids else "")
        self.snapshots.append(taken)
        return taken

    def second_instance(self) -> Instance:
        """Another instance of the target beside the first, on the same wires, not started yet."""
        addresses = Addresses(self.wires.database_url, self.wires.provider_url, free_port())
        number = self.instance.number + 1
        return self.opened.enter_context(
            open_instance(self.scenario, self.ground.backend, addresses, self.cycle_dir, number)
        )

    def end_others(self) -> None:
        """Ask the instances beside the first to end."""
        while self.beside:
            other = self.beside.pop()
            other.container.signal(signal.SIGTERM)
            if other.wait(_ENDS_WITHIN_S) is None:
                other.kill()
            self.retired.append(other)

    def move_to(self, instance: Instance) -> None:
        """Let the client speak to another instance; the former one is of no further use."""
        self.retired.append(self.instance)
        self.instance = instance
        self.visitor.move_to(instance.client)

    def wait_until(self, holds: Callable[[], object], timeout_s: float) -> bool:
        """Wait for something, with an eye on the target's memory; False when it does not come in time."""
        deadline_s = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline_s:
                return False
            self.instance.sample()
            time.sleep(_LOOK_EVERY_S)
        return True
