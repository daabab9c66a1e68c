"""What a target file says for crash testing: housekeeping, what may be in flight, and named queries."""

from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.target import SCENARIOS, load_target, named_queries

IMPORTER = (SCENARIOS / "targets" / "importer.toml").read_text(encoding="utf-8")


def _target(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    for name in ("importer.sql", "importer.invariants.sql"):
        (tmp_path / name).write_text((SCENARIOS / "targets" / name).read_text(encoding="utf-8"), encoding="utf-8")
    return str(path)


def test_the_importers_own_file_names_everything() -> None:
    """A command that migrates, queries, patterns, and what may be in flight at each endpoint."""
    target = load_target("importer", SCENARIOS)
    assert target.migrate[-1] == "migrate"
    assert "jobs" in target.invariants
    assert len(target.boundary.housekeeping) > 5
    assert {one.endpoint for one in target.boundary.in_flight} == {"openai.embeddings", "cohere.embed", "openai.chat"}
    chat = next(one for one in target.boundary.in_flight if one.endpoint == "openai.chat")
    assert (chat.requests.knob, chat.requests.default, chat.inputs.default) == ("extract_concurrency", 8, 1)


def test_queries_are_told_apart_by_their_names() -> None:
    """What stands before the first name is no query."""
    assert named_queries("-- about\n-- name: one\nSELECT 1\n\n-- name: two\n-- why\nSELECT 2\n", "x") == {
        "one": "SELECT 1",
        "two": "-- why\nSELECT 2",
    }
    assert named_queries("", "x") == {}


@pytest.mark.parametrize("text", ["-- name: one\nSELECT 1\n-- name: one\nSELECT 2", "-- name: \nSELECT 1"])
def test_a_query_without_a_name_of_its_own_is_refused(text: str) -> None:
    """Two of a name would hide one another."""
    with pytest.raises(ScenarioError, match=r"x: invariants: .* a name of its own"):
        named_queries(text, "x")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('requests = "extract_concurrency=8"', 'requests = "8 of them"', "is written like"),
        ('inputs = "=1"', 'input = "=1"', "unknown key 'input'; did you mean inputs"),
        ("[boundary]\nhousekeeping", "[boundary]\nhousekeping", "unknown key 'housekeping'"),
        ('invariants = "importer.invariants.sql"', 'invariants = "nowhere.sql"', "nowhere.sql"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    """The file, the table and the key."""
    assert old in IMPORTER
    with pytest.raises(ScenarioError, match=r"mine\.toml") as told:
        load_target(_target(tmp_path, IMPORTER.replace(old, new)), tmp_path)
    assert says in str(told.value)
