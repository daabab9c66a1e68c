"""The provider refuses a request with an HTTP status."""

import time
from dataclasses import dataclass
from email.utils import formatdate

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.tap import Action, Respond
from harness.dependencies.provider.endpoints import refusal
from harness.dependencies.provider.messages import Answer

_SOON_S = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """Answers one request with a status; `retry_after` is a header's value, or `date` for one of a second from now."""

    name: str
    summary: str
    status: int
    retry_after: str | None = None

    def fits(self, message: Message, edge: Edge) -> bool:
        """In the place of the provider."""
        return message.is_to_provider and edge is Edge.BEFORE

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Answer with the status."""
        scene.release(self.action(message))
        return Struck()

    def action(self, message: Message) -> Action:  # noqa: ARG002
        """The status in the place of the answer."""
        return Respond(Answer(self.status, refusal(self.status, self.summary), self._headers()))

    def _headers(self) -> tuple[tuple[str, str], ...]:
        if self.retry_after is None:
            return ()
        value = formatdate(time.time() + _SOON_S, usegmt=True) if self.retry_after == "date" else self.retry_after
        return (("Retry-After", value),)


REFUSALS = (
    Refusal("429-seconds", "429 with Retry-After: 1", 429, "1"),
    Refusal("429-date", "429 with Retry-After as a date", 429, "date"),
    Refusal("429", "429 without Retry-After", 429),
    Refusal("429-huge", "429 with Retry-After of a day", 429, "86400"),
    Refusal("500", "500", 500),
    Refusal("503", "503", 503),
    Refusal("401", "401 in mid-run", 401),
)
"""Every refusal that is injected."""
