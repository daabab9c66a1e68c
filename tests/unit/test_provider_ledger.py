"""The ledger adds up: what was billed, what was billed twice, and what was never known."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from harness.dependencies.provider.ledger import note_line, position, read_ledger, read_shares, request_line
from harness.dependencies.provider.messages import Message, Work


def asked(texts: Sequence[str], endpoint: str = "openai.embeddings", model: str = "m", status: int = 200) -> bytes:
    """A ledger line of one request."""
    digests = tuple(sha256(text.encode()).digest() for text in texts)
    return request_line(Message(endpoint, 1, b""), status, Work(model, digests))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty ledger."""
    empty = tmp_path / "ledger.jsonl"
    empty.touch()
    return empty


def test_empty_ledger_is_all_zero(path: Path) -> None:
    """Nothing asked is nothing billed."""
    ledger = read_ledger(path)
    assert (ledger.requests, ledger.inputs, ledger.inputs_billed_twice) == (0, 0, 0)


def test_billed_twice_is_beyond_the_first(path: Path) -> None:
    """An input billed three times was billed twice two times, within one request or over several."""
    path.write_bytes(asked(["a", "b", "a"]) + asked(["a", "c"]))
    ledger = read_ledger(path)
    assert (ledger.requests, ledger.inputs, ledger.inputs_billed_twice) == (2, 5, 2)


def test_identity_is_endpoint_model_and_text(path: Path) -> None:
    """The same text for another model, or at another endpoint, is another input."""
    path.write_bytes(asked(["a"]) + asked(["a"], model="n") + asked(["a"], endpoint="cohere.embed"))
    assert read_ledger(path).inputs_billed_twice == 0


def test_refused_requests_bill_nothing(path: Path) -> None:
    """Only a 200 is billed; a retry after a 429 or a 500 pays once."""
    path.write_bytes(asked(["a"], status=429) + asked(["a"], status=500) + asked(["a"]))
    share = read_ledger(path).by_endpoint("openai.embeddings")
    assert (share.requests, share.refused, share.inputs, share.inputs_billed_twice) == (3, 2, 1, 0)


def test_shares_know_what_came_before(path: Path) -> None:
    """Each import's share is told by marks, and a later one pays twice for what an earlier one paid for."""
    path.write_bytes(asked(["a", "b"]))
    mark = position(path)
    with path.open("ab") as file:
        file.write(asked(["b", "c"]))
    first, second = read_shares(path, [mark])
    assert (first.inputs, first.inputs_billed_twice) == (2, 0)
    assert (second.requests, second.inputs, second.inputs_billed_twice) == (1, 2, 1)


def test_unknown_and_outbound_are_named_once(path: Path) -> None:
    """Endpoints nobody knows, and destinations outside, are named in the order they came, and are no requests."""
    lines = [note_line("unknown", 1, "GET /v1/models", 404)] * 2 + [note_line("outbound", 1, "example.org:443", 403)]
    path.write_bytes(b"".join(lines))
    ledger = read_ledger(path)
    assert ledger.unknown_endpoints == ("GET /v1/models",)
    assert ledger.outbound == ("example.org:443",)
    assert ledger.requests == 0


def test_a_torn_last_line_is_left_out(path: Path) -> None:
    """A line that is still being written is not read."""
    path.write_bytes(asked(["a"]) + asked(["b"])[:-5])
    assert read_ledger(path).inputs == 1
