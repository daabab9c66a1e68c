"""The tap that holds a message at its crash point while the harness does the harm."""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence

from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.points import CrashPoint
from harness.dependencies.boundary.tap import Action, Deliver
from harness.errors import BoundaryError


class Trap:
    """Armed with crash points one after the other; armed with the first from the beginning.

    `sprung` is set while a message is held. The harness's thread waits for it, does what the point's fault says, and
    releases the message. The next point is armed by `arm_next` only, when what is left of a killed target is gone.
    """

    def __init__(self, points: Sequence[CrashPoint]) -> None:
        self._waiting = deque(points)
        self._armed: CrashPoint | None = None
        self._fired: list[CrashPoint] = []
        self._held: tuple[asyncio.AbstractEventLoop, asyncio.Future[Action], Message] | None = None
        self._lock = threading.Lock()
        self._over = False
        self.sprung = threading.Event()
        self.arm_next()

    @property
    def fired(self) -> Sequence[CrashPoint]:
        """The points that were reached, in order."""
        return tuple(self._fired)

    @property
    def unfired(self) -> Sequence[CrashPoint]:
        """The points that were not reached, in order."""
        return (*((self._armed,) if self._armed else ()), *self._waiting)

    def arm_next(self) -> CrashPoint | None:
        """Arm the next point and return it, None when there is none; a point still armed stays so."""
        if self._armed is None and self._waiting and not self._over:
            self._armed = self._waiting.popleft()
        return self._armed

    def disarm(self) -> None:
        """Hold nothing any more: nobody waits for it. A message that is held just now goes on, as if never reached."""
        with self._lock:
            self._over = True
            point = self._fired.pop() if self._held else self._armed
            self._armed = None
            if point is not None:
                self._waiting.appendleft(point)
        if self._held:
            self.release(Deliver())

    async def at(self, message: Message, edge: Edge) -> Action:
        """Hold the armed point's message until it is released."""
        held = self._hold(message, edge)
        return Deliver() if held is None else await held

    def _hold(self, message: Message, edge: Edge) -> asyncio.Future[Action] | None:
        with self._lock:
            point = self._armed
            if point is None or (point.message, point.edge) != (message, edge):
                return None
            self._armed = None
            self._fired.append(point)
            loop = asyncio.get_running_loop()
            future: asyncio.Future[Action] = loop.create_future()
            self._held = (loop, future, message)
            self.sprung.set()
            return future

    def wait(self, timeout_s: float) -> Message | None:
        """Wait for a message to be held and return it; None when there is none in time."""
        self.sprung.wait(timeout_s)
        return self._held[2] if self._held else None

    def release(self, action: Action) -> None:
        """Let the held message go, as `action` says; from the harness's thread."""
        if self._held is None:
            raise BoundaryError("the trap holds no message that could be released")
        loop, future, _ = self._held
        self._held = None
        self.sprung.clear()
        loop.call_soon_threadsafe(_settle, future, action)


def _settle(future: asyncio.Future[Action], action: Action) -> None:
    # The connection may have been given up meanwhile.
    if not future.done():
        future.set_result(action)
