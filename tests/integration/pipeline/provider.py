"""A provider inside the test: it answers by the text, notes what it billed, and does what a test tells it first."""

import asyncio
import base64
import hashlib
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

DIMENSIONS = 8
POISON = "poisonous"

Meet = Callable[[int, list[str]], Awaitable[httpx.Response | None]]


async def _nothing(number: int, inputs: list[str]) -> None:
    """Let every request through."""


def vector(text: str) -> bytes:
    """Return the little-endian float32 of a text."""
    return array("f", [byte / 256 for byte in hashlib.sha256(text.encode()).digest()[:DIMENSIONS]]).tobytes()


@dataclass(slots=True)
class FakeProvider:
    """Both providers' endpoints; `meet` sees each request before it is carried out, and may answer in its place."""

    meet: Meet = _nothing
    requests: list[list[str]] = field(default_factory=list)
    """Inputs of each embedding request that was billed."""
    billed: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    answer: Callable[[str], str] = lambda prompt: orjson.dumps({"concepts": sorted(set(prompt.split()))[:4]}).decode()
    """What the LLM says of a prompt."""
    received: int = 0
    """Requests that came in, answered or not."""

    @property
    def billed_twice(self) -> int:
        """Billings beyond the first of an input."""
        return sum(count - 1 for count in self.billed.values())

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        body = orjson.loads(request.content)
        inputs = _inputs(body)
        self.received += 1
        if (instead := await self.meet(self.received, inputs)) is not None:
            return instead
        if any(POISON in one for one in inputs):
            return httpx.Response(400, json={"error": {"message": "this input is not acceptable"}})
        self.billed.update((request.url.path, one) for one in inputs)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        if "messages" in body:
            message = {"role": "assistant", "content": self.answer(inputs[0])}
            return httpx.Response(200, json={"choices": [{"index": 0, "message": message}]})
        self.requests.append(inputs)
        return httpx.Response(200, json=_embeddings(body, inputs))

    def transport(self) -> httpx.MockTransport:
        """Return what an HTTP client sends requests to in place of the network."""
        return httpx.MockTransport(self.handle)


def _inputs(body: dict[str, Any]) -> list[str]:
    if "messages" in body:
        return [body["messages"][-1]["content"]]
    return list(body.get("input") or body["texts"])


def _embeddings(body: dict[str, Any], inputs: list[str]) -> dict[str, Any]:
    encoded = [base64.b64encode(vector(one)).decode() for one in inputs]
    if "texts" in body:
        return {"id": "1", "texts": inputs, "embeddings": {"base64": encoded}, "response_type": "embeddings_by_type"}
    return {"data": [{"index": index, "embedding": one} for index, one in enumerate(encoded)]}
