"""An input that the provider refuses for ever: closer to the stub than the tap, since it must see the texts."""

import threading
from typing import Any

import orjson

from harness.dependencies.provider.endpoints import refusal
from harness.dependencies.provider.messages import Answer, CarryOut, Message

_SHORT_CHARS = 100


class PoisonedInput:
    """Does nothing until it is armed; then the first input of the next request is refused with 400, always."""

    def __init__(self) -> None:
        self._armed = threading.Event()
        self._input: str | None = None

    @property
    def chosen(self) -> bool:
        """Whether an input was poisoned."""
        return self._input is not None

    @property
    def is_short(self) -> bool:
        """Whether the poisoned input is no text of a document but a name, which several documents may share."""
        return self._input is not None and len(self._input) < _SHORT_CHARS

    def arm(self) -> None:
        """Poison the next request's first input; it may be called from any thread."""
        self._armed.set()

    async def meet(self, message: Message, carry_out: CarryOut) -> Answer:
        """Refuse what holds the poisoned input."""
        if not self._armed.is_set():
            return await carry_out()
        inputs = _inputs(message.body)
        if self._input is None and inputs:
            self._input = inputs[0]
        if self._input in inputs:
            return Answer(400, refusal(400, "the input is not acceptable"))
        return await carry_out()


def _inputs(body: bytes) -> list[str]:
    asked: Any = orjson.loads(body)
    found = asked.get("input") or asked.get("texts") or [one["content"] for one in asked.get("messages", [])[-1:]]
    return [found] if isinstance(found, str) else [one for one in found if isinstance(one, str)]
