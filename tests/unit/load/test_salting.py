"""Uploads whose every chunk is new."""

import json
import re
from email import message_from_bytes

import pytest

from harness.errors import CorpusError
from harness.load.caps import SALT_SHARE
from harness.load.documents import Material, chars_of, digests_of, load_material, new_salt, queries_of
from harness.load.errand import Document
from scenarios.load.salting import EVERY_CHARS, make_upload, salt_line, salt_text

LINES = load_material("synthetic:3", None).documents


def test_no_stretch_of_a_text_is_without_the_salt() -> None:
    """Wherever a chunk is cut, it holds the salt, and the words of the text are all still there."""
    text = " ".join(f"word{place}" for place in range(500)) + " " + "x" * 450
    salted = salt_text(text, "s1")
    longest = max(len(part) for part in re.split(r" s1", salted))
    assert longest <= EVERY_CHARS
    assert salted.replace(" s1", "") == text
    assert salted.endswith(" s1")
    assert salt_text(text, "") == text


def test_the_estimate_of_tokens_covers_the_salt() -> None:
    """Salted as a long load salts them, texts are longer by no more than is foreseen."""
    salted = salt_line(LINES[0].text, f"{new_salt()}12x345-9", "")
    assert 1.0 < chars_of(Document("jsonl", salted)) / chars_of(LINES[0]) <= 1 + SALT_SHARE


def test_every_text_of_a_line_is_salted_and_its_title_prefixed() -> None:
    """Other fields stay."""
    told = json.loads(salt_line(LINES[0].text, "s1", "halfgig-x"))
    assert told["title"].startswith("halfgig-x ")
    assert all("s1" in told[name] for name in ("title", "abstract", "text"))
    assert told["id"] == json.loads(LINES[0].text)["id"]


def test_an_upload_is_a_form_with_all_documents() -> None:
    """Lines in one file, each text in its own; the names begin with the prefix."""
    upload = make_upload([LINES[0], LINES[1], Document("md", "# A note")], "s1", "p", "p-0-1", "files")
    form = message_from_bytes(f"Content-Type: {upload.content_type}\r\n\r\n".encode() + upload.body)
    parts = form.get_payload()
    assert isinstance(parts, list)
    assert [one.get_filename() for one in parts] == ["p-0-1.jsonl", "p-0-1-2.md"]  # type: ignore[union-attr]
    lines = str(parts[0].get_payload()).strip().splitlines()  # type: ignore[union-attr]
    assert len(lines) == 2
    assert upload.documents == 3


def test_two_uploads_of_the_same_document_share_no_text() -> None:
    """Even within one upload, the same document twice is two new ones."""
    one, other = (make_upload([LINES[0], LINES[0]], salt, "", "n", "files").body for salt in ("s1", "s2"))
    lines = [json.loads(line)["text"] for body in (one, other) for line in _lines(body)]
    assert len(set(lines)) == 4


def _lines(body: bytes) -> list[str]:
    return [line for line in body.decode().splitlines() if line.startswith("{")]


def test_a_reimport_uploads_the_texts_as_they_are() -> None:
    """Where that is what the scenario measures."""
    body = make_upload([LINES[0]], "", "", "n", "files").body
    assert json.loads(_lines(body)[0]) == json.loads(LINES[0].text)


def test_material_is_of_the_corpus_and_its_queries_are_known_to_the_ledger(tmp_path: object) -> None:
    """Searches are told from imports by the digests of what was searched for."""
    found = load_material("synthetic:5", 3)
    assert isinstance(found, Material)
    assert len(found.documents) == 3
    assert len(digests_of(queries_of(found.documents))) == len(found.queries) > 0
    assert chars_of(found.documents[0]) > 5_000


def test_a_corpus_that_cannot_be_salted_is_refused(tmp_path: object) -> None:
    """A PDF is written once; a load that uploads it again and again measures duplicates."""
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "a.pdf").write_bytes(b"%PDF-1.4 ")
    with pytest.raises(CorpusError, match="can be salted"):
        load_material(str(folder), None)
