"""Names of messages and crash points."""

import pytest

from harness.dependencies.boundary.messages import EDGES, Edge, Message, parse_message
from harness.dependencies.boundary.points import (
    CrashPoint,
    enumerate_points,
    format_points,
    parse_point,
    parse_points,
)
from harness.errors import BoundaryError

NAMES = ("postgres.commit#12", "openai.embeddings#7", "cohere.embed#2", "openai.chat#3", "client.upload#1")


@pytest.mark.parametrize("name", NAMES)
def test_a_message_is_read_back_from_its_name(name: str) -> None:
    """A name holds all of a message's identity."""
    assert parse_message(name).name == name


def test_a_messages_text_is_no_part_of_its_identity() -> None:
    """A message that was parsed from a crash point equals the one that passes."""
    assert Message("postgres", "commit", 12, "COMMIT") == parse_message("postgres.commit#12")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("edge", EDGES)
def test_a_crash_point_is_read_back_from_its_text(name: str, edge: Edge) -> None:
    """What a failure prints can be given to the command that replays it."""
    text = f"{name}@{edge.value}/sigkill"
    assert parse_point(text) == CrashPoint(parse_message(name), edge, "sigkill")
    assert str(parse_point(text)) == text


def test_a_pair_is_joined_by_a_plus() -> None:
    """Two crash points keep their order through their text."""
    text = "postgres.commit#12@unacknowledged/sigkill+openai.embeddings#7@before/http-429"
    first, second = parse_points(text)
    assert (first.fault, second.fault) == ("sigkill", "http-429")
    assert format_points((first, second)) == text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("postgres.commit#12", "message@edge/fault"),
        ("postgres.commit#12/sigkill", "message@edge/fault"),
        ("postgres.commit#0@before/sigkill", "n from 1"),
        ("commit#1@before/sigkill", "wire.kind#n"),
        ("postgres.commit#1@during/sigkill", "before, unacknowledged, after"),
        ("postgres.commit#1@before/", "name of a fault"),
        ("postgres.commit#1@before/sigkill+", "message@edge/fault"),
        ("", "message@edge/fault"),
    ],
)
def test_a_crash_point_that_cannot_be_read_is_refused_by_its_part(text: str, names: str) -> None:
    """The error says which part is wrong and what would be right."""
    with pytest.raises(BoundaryError, match=names):
        parse_points(text)


def test_points_are_enumerated_alike_whatever_the_order_of_time() -> None:
    """Two runs of the same work, interleaved differently, enumerate the same list, each pair once."""
    messages = [parse_message(name) for name in (*NAMES, "postgres.commit#2")]
    seen = [(message, edge) for message in messages for edge in EDGES]
    assert enumerate_points(seen) == enumerate_points([*reversed(seen), *seen])
    commits = [(one.n, edge) for one, edge in enumerate_points(seen) if one.kind == "commit"]
    assert commits == [(2, edge) for edge in EDGES] + [(12, edge) for edge in EDGES]
