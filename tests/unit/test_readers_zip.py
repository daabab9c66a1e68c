"""Zip archives."""

import io
import random
import zipfile

import pytest

from tests.unit.uploaded import outcomes


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_each_member_is_read_by_its_own_rule() -> None:
    """Lines, rows and files, in the order of the archive; folders and what systems add are left out."""
    data = _zip(
        {
            "folder/": b"",
            "folder/a.txt": b"text",
            "b.jsonl": b'{"text":"1"}\n\nbroken\n',
            "__MACOSX/a.txt": b"x",
            "folder/.DS_Store": b"x",
            "c.csv": b"title\n1\n2\n",
            "e.txt": b"",
        }
    )
    assert outcomes("z.zip", data) == [
        ("z.zip/folder/a.txt", "text"),
        ("z.zip/b.jsonl:1", "1"),
        ("z.zip/b.jsonl:3", "!malformed"),
        ("z.zip/c.csv:2", "1"),
        ("z.zip/c.csv:3", "2"),
        ("z.zip/e.txt", "!empty"),
    ]


def test_a_zip_is_known_by_content_and_skips_like_any_file() -> None:
    """Under any name, from any document on."""
    data = _zip({"a.jsonl": b'{"text":"1"}\n{"text":"2"}\n', "b.txt": b"3"})
    for skip in range(5):
        assert [text for _, text in outcomes("a.txt", data, skip)] == ["1", "2", "3"][skip:]


def test_archives_in_archives_are_not_opened() -> None:
    """One failed document, and the others are read."""
    data = _zip({"in.zip": _zip({"a.txt": b"a"}), "b.txt": b"b"})
    assert [text for _, text in outcomes("z.zip", data)] == ["!nested_archive", "b"]


def test_an_encrypted_member_fails_alone() -> None:
    """The flag in the archive's list is enough."""
    data = bytearray(_zip({"a.txt": b"a", "b.txt": b"b"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert [text for _, text in outcomes("z.zip", bytes(data))] == ["!encrypted", "b"]


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.pdf", "a.bib", "a.unknown"])
def test_a_member_that_does_not_unpack_fails_alone(name: str) -> None:
    """Damage inside a member is found before any of its text is used."""
    noise = random.Random(1).randbytes(3000).hex().encode()  # noqa: S311
    data = bytearray(_zip({name: noise, "b.txt": b"b"}))
    data[1500:1510] = bytes(byte ^ 0xFF for byte in data[1500:1510])
    assert [text for _, text in outcomes("z.zip", bytes(data))] == ["!malformed", "b"]


def test_a_stored_member_with_a_wrong_checksum_fails_alone() -> None:
    """A wrong letter is no smaller fault than a wrong code."""
    data = _zip({"a.txt": b"some text", "b.txt": b"b"}, zipfile.ZIP_STORED).replace(b"some text", b"some tent")
    assert [text for _, text in outcomes("z.zip", data)] == ["!malformed", "b"]


def test_bombs_are_refused_before_they_unpack() -> None:
    """By their ratio, and by what the archive unpacks to in all."""
    assert outcomes("z.zip", _zip({"a.txt": b"a" * 30_000_000, "b.txt": b"b"})) == [
        ("z.zip/a.txt", "!too_large"),
        ("z.zip/b.txt", "b"),
    ]
    members = {"a.txt": b"a" * 600, "b.txt": b"b" * 600, "c.txt": b"c" * 100}
    found = [text for _, text in outcomes("z.zip", _zip(members), archive_max_bytes=1000)]
    assert found == ["a" * 600, "!too_large", "c" * 100]


def test_a_huge_list_of_members_is_refused_before_it_is_held() -> None:
    """The list is measured from the end record."""
    data = _zip({f"{'n' * 200}{number}": b"" for number in range(9000)}, zipfile.ZIP_STORED)
    assert outcomes("z.zip", data) == [("z.zip", "!too_large")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_zip({}), "!empty"),
        (_zip({"folder/": b""}), "!empty"),
        (_zip({"a.txt": b"a"})[:-30], "!malformed"),
        (b"PK\x03\x04", "!malformed"),
        (_zip({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), "!unsupported"),
    ],
    ids=["nothing", "a folder", "cut off", "a signature", "an office document"],
)
def test_an_archive_without_documents_is_one_failed_document(data: bytes, reason: str) -> None:
    """Empty, cut off, or an office document."""
    assert outcomes("z.zip", data) == [("z.zip", reason)]
