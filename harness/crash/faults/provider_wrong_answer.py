"""The provider answers 200 with something that is not an answer to what was asked."""

import struct
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isnan
from typing import Any

import orjson

from harness.crash.faults.fault import Struck
from harness.crash.scene import Scene
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.tap import Action, Alter
from harness.dependencies.provider.messages import Answer

_FLOAT_BYTES = 4
_EMBEDDING = ("embeddings", "embed")
_CHAT = ("chat",)


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """Spoils the body of one answer by `spoil`; the request was billed."""

    name: str
    summary: str
    kinds: tuple[str, ...]
    spoil: Callable[[Any], Any]

    def fits(self, message: Message, edge: Edge) -> bool:
        """At the answer of an endpoint of one of its kinds."""
        return message.kind in self.kinds and edge is Edge.UNACKNOWLEDGED

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Spoil it."""
        scene.release(self.action(message))
        return Struck(answers_lost=1)

    def action(self, message: Message) -> Action:  # noqa: ARG002
        """The spoiled answer."""
        return Alter(self._change)

    def _change(self, answer: Answer) -> Answer:
        return replace(answer, body=orjson.dumps(self.spoil(orjson.loads(answer.body))))


@dataclass(frozen=True, slots=True)
class TruncatedJson:
    """The body ends in the middle, and says so in its length."""

    name: str = "truncated-json"
    summary: str = "200 with half of the JSON"

    def fits(self, message: Message, edge: Edge) -> bool:
        """At any answer."""
        return message.kind in (*_EMBEDDING, *_CHAT) and edge is Edge.UNACKNOWLEDGED

    def strike(self, scene: Scene, message: Message, edge: Edge) -> Struck:  # noqa: ARG002
        """Halve it."""
        scene.release(self.action(message))
        return Struck(answers_lost=1)

    def action(self, message: Message) -> Action:  # noqa: ARG002
        """Half of the answer."""
        return Alter(_halve)


def _halve(answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _too_few(body: Any) -> Any:
    if "data" in body:
        return {**body, "data": body["data"][:-1]}
    return {**body, "embeddings": {kind: rows[:-1] for kind, rows in body["embeddings"].items()}}


def _shuffled(body: Any) -> Any:
    """Another order that the answer itself tells: by `index`, or by the texts beside the vectors."""
    if "data" in body:
        return {**body, "data": body["data"][::-1]}
    turned = {kind: rows[::-1] for kind, rows in body["embeddings"].items()}
    return {**body, "embeddings": turned, "texts": body["texts"][::-1]}


def _each_vector(change: Callable[[bytes], bytes]) -> Callable[[Any], Any]:
    def one(vector: Any) -> Any:
        if isinstance(vector, str):
            return b64encode(change(b64decode(vector))).decode()
        changed = change(struct.pack(f"<{len(vector)}f", *vector))
        return [None if isnan(x) else x for x in struct.unpack(f"<{len(changed) // _FLOAT_BYTES}f", changed)]

    def spoil(body: Any) -> Any:
        if "data" in body:
            return {**body, "data": [{**entry, "embedding": one(entry["embedding"])} for entry in body["data"]]}
        return {**body, "embeddings": {kind: [one(row) for row in rows] for kind, rows in body["embeddings"].items()}}

    return spoil


def _shorter(vector: bytes) -> bytes:
    return vector[:-_FLOAT_BYTES]


def _with_nan(vector: bytes) -> bytes:
    return struct.pack("<f", float("nan")) + vector[_FLOAT_BYTES:]


def _no_json(body: Any) -> Any:
    choice = body["choices"][0]
    return {**body, "choices": [{**choice, "message": {**choice["message"], "content": "Concepts: {none, really"}}]}


WRONG_ANSWERS = (
    WrongAnswer("too-few-vectors", "200 with a vector too few", _EMBEDDING, _too_few),
    WrongAnswer("shuffled-vectors", "200 with the vectors in another order, which it tells", _EMBEDDING, _shuffled),
    WrongAnswer("wrong-dimension", "200 with vectors too short", _EMBEDDING, _each_vector(_shorter)),
    WrongAnswer("nan-vector", "200 with a NaN in each vector", _EMBEDDING, _each_vector(_with_nan)),
    WrongAnswer("unparsable-llm", "200 with an LLM text that is not JSON", _CHAT, _no_json),
)
"""Every wrong 200."""
