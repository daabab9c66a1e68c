"""Faults: their names, where they can be done, and what the wrong answers look like to a client."""

import json
import math
import struct
from base64 import b64decode, b64encode
from typing import Any

import pytest

from harness.crash.faults.provider_wrong_answer import WRONG_ANSWERS, WrongAnswer
from harness.crash.faults.registry import DATABASE, FAULTS, PROCESS, PROVIDER, check_point, find_fault
from harness.dependencies.boundary.messages import EDGES, Edge, Message
from harness.dependencies.boundary.points import parse_point
from harness.errors import BoundaryError

COMMIT, EMBED, CHAT, UPLOAD = (
    Message("postgres", "commit", 3), Message("cohere", "embed", 2), Message("openai", "chat", 1),
    Message("client", "upload", 1),
)  # fmt: skip
SPOILERS = {one.name: one for one in WRONG_ANSWERS}


def test_names_are_unique_and_can_be_written_in_a_crash_point() -> None:
    """A crash point says by its fault's name what is done."""
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    for name in names:
        assert parse_point(f"postgres.commit#1@before/{name}").fault == name


def test_every_fault_fits_somewhere() -> None:
    """A fault that fits nowhere would never be exercised."""
    for fault in FAULTS:
        assert any(fault.fits(message, edge) for message in (COMMIT, EMBED, CHAT, UPLOAD) for edge in EDGES), fault.name


def test_faults_of_the_provider_stay_on_its_wire_and_sqlstates_on_the_databases() -> None:
    """What answers in somebody's place can only do so on that one's wire."""
    for fault in PROVIDER:
        assert not any(fault.fits(message, edge) for message in (COMMIT, UPLOAD) for edge in EDGES), fault.name
    refusals = [fault for fault in DATABASE if fault.name in ("serialization", "deadlock", "disk-full", "read-only")]
    assert len(refusals) == 4
    for fault in refusals:
        assert fault.fits(COMMIT, Edge.BEFORE)
        assert not fault.fits(COMMIT, Edge.AFTER)
        assert not fault.fits(EMBED, Edge.BEFORE)


def test_a_point_whose_fault_cannot_be_done_there_is_refused() -> None:
    """Before anything is started, with the reason."""
    check_point(parse_point("postgres.commit#3@before/disk-full"))
    with pytest.raises(BoundaryError, match=r"disk-full .* cannot be done there"):
        check_point(parse_point("postgres.commit#3@after/disk-full"))
    with pytest.raises(BoundaryError, match="no fault 'sigkil'; known are sigkill"):
        find_fault("sigkil")
    assert PROCESS[0].name == "sigkill"


def _openai(rows: list[list[float]]) -> dict[str, Any]:
    encoded = [b64encode(struct.pack(f"<{len(row)}f", *row)).decode() for row in rows]
    return {"data": [{"index": place, "embedding": one} for place, one in enumerate(encoded)]}


def _cohere(rows: list[list[float]]) -> dict[str, Any]:
    return {"embeddings": {"float": rows}, "texts": [f"text {place}" for place in range(len(rows))]}


def _spoilt(name: str, body: dict[str, Any]) -> Any:
    spoiler: WrongAnswer = SPOILERS[name]
    return json.loads(json.dumps(spoiler.spoil(body)))


def test_wrong_200s_of_openai() -> None:
    """Too few, in another order that `index` tells, too short, and not a number."""
    body = _openai([[1.0, 2.0], [3.0, 4.0]])
    assert _spoilt("too-few-vectors", body)["data"] == body["data"][:1]
    assert [one["index"] for one in _spoilt("shuffled-vectors", body)["data"]] == [1, 0]
    short = b64decode(_spoilt("wrong-dimension", body)["data"][1]["embedding"])
    assert struct.unpack("<f", short) == (3.0,)
    spoilt = struct.unpack("<2f", b64decode(_spoilt("nan-vector", body)["data"][0]["embedding"]))
    assert math.isnan(spoilt[0])
    assert spoilt[1] == 2.0


def test_wrong_200s_of_cohere() -> None:
    """The same, of floats in JSON, where a NaN can only be null."""
    body = _cohere([[1.0, 2.0], [3.0, 4.0]])
    assert _spoilt("too-few-vectors", body)["embeddings"] == {"float": [[1.0, 2.0]]}
    shuffled = _spoilt("shuffled-vectors", body)
    assert shuffled["embeddings"]["float"] == [[3.0, 4.0], [1.0, 2.0]]
    assert shuffled["texts"] == ["text 1", "text 0"]
    assert _spoilt("wrong-dimension", body)["embeddings"]["float"] == [[1.0], [3.0]]
    assert _spoilt("nan-vector", body)["embeddings"]["float"][0] == [None, 2.0]


def test_an_unparsable_llm_answer_is_a_valid_answer_with_unusable_text() -> None:
    """Only the model's own words are spoilt, not the JSON around them."""
    spoilt = _spoilt("unparsable-llm", {"choices": [{"message": {"role": "assistant", "content": "{}"}}]})
    with pytest.raises(json.JSONDecodeError):
        json.loads(spoilt["choices"][0]["message"]["content"])
