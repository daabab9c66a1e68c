"""What passes over the provider's wire, and the place where faults get hold of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One request; `name` (`openai.embeddings#7`) is its endpoint and that it is the n-th of it, from 1."""

    endpoint: str
    n: int
    body: bytes

    @property
    def name(self) -> str:
        """How a crash point calls it."""
        return f"{self.endpoint}#{self.n}"


@dataclass(frozen=True, slots=True)
class Work:
    """What the ledger notes of a request: the model, and the SHA-256 digest of each input."""

    model: str = ""
    digests: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; `cut_at_bytes` resets the connection after so many bytes of the body."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    cut_at_bytes: int | None = None
    work: Work = field(default_factory=Work)
    latency_s: float = 0.0


class Refused(Exception):
    """The request cannot be carried out; `status` and the text go into the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


CarryOut = Callable[[], Awaitable[Answer]]


class Fault(Protocol):
    """Something that goes wrong on the wire: one file a kind, listed where the stub is started.

    Before `carry_out` is awaited nothing has happened (edge `before`); when it returns, the work is done and
    billed in the ledger, and the answer is withheld until `meet` returns it (edge `unacknowledged`). A fault
    may wait in either place, return another answer, or one that is cut.
    """

    async def meet(self, message: Message, carry_out: CarryOut) -> Answer:
        """Answer `message`, with or without carrying it out; messages that do not concern it pass through."""
        ...
