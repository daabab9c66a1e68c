"""JSON Lines and single JSON values."""

import json
import tracemalloc
from io import BytesIO

import pytest

from importer.documents import Document, UploadSource
from importer.readers import count_documents, read_documents
from tests.unit.uploaded import LIMITS, outcomes, uploaded


def test_a_document_is_title_abstract_and_text_joined_by_blank_lines() -> None:
    """What is null, missing or blank is left out."""
    lines = (
        b'{"title": " T ", "abstract": "A", "text": "X"}\n{"title": "T", "abstract": null, "text": "X"}\n{"text":"X"}'
    )
    assert outcomes("a.jsonl", lines) == [("a.jsonl:1", "T\n\nA\n\nX"), ("a.jsonl:2", "T\n\nX"), ("a.jsonl:3", "X")]


def test_blank_lines_are_no_documents_but_count_as_lines() -> None:
    """Names give the line of the file, with any line end."""
    assert outcomes("a.jsonl", b'\n{"text":"x"}\r\n  \r\n\n{"text":"y"}') == [("a.jsonl:2", "x"), ("a.jsonl:5", "y")]


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (b'{"text": "a"', "!malformed"),
        (b"[1, 2]", "!malformed"),
        (b"null", "!malformed"),
        (b'{"title": 3}', "!malformed"),
        (b'{"title": ["a"]}', "!malformed"),
        (b"[" * 50_000, "!malformed"),
        (b'{"a":' * 5000, "!malformed"),
        (b'{"text": "a"}\0', "!malformed"),
        (b'{"text": "caf\xe9"}', "!encoding"),
        (b"{}", "!empty"),
        (b'{"text": " \\n\\u0000 "}', "!empty"),
        (b'{"text": "a\\u0000b"}', "ab"),
        (b'{"text": "a\0b"}', "ab"),
        (b'{"text": "a\\ud800b"}', "a\ufffdb"),
        (b'{"text": "a\\ud83d\\ude00b"}', "a\U0001f600b"),
        (b'{"text": "a", "n": 1e99999}', "a"),
        (b'{"text": "a", "n": NaN}', "a"),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "!malformed"),
        (b'{"text": "a", "n": ' + b"9" * 400 + b"}", "a"),
        (b'{"text": "\xef\xbf\xbf"}', "\uffff"),
    ],
)
def test_a_line_fails_alone(line: bytes, outcome: str) -> None:
    """Whatever a line is, it has one defined outcome and the lines around it are read."""
    data = b'{"text":"before"}\n' + line + b'\n{"text":"after"}\n'
    assert [text for _, text in outcomes("a.jsonl", data)] == ["before", outcome, "after"]


def test_a_line_that_is_too_long_is_passed_over() -> None:
    """The limit is inclusive, and the last line may be too long as well."""
    long, exact = b'{"text":"' + b"x" * 90 + b'"}', b'{"text":"' + b"y" * 89 + b'"}'
    data = b'{"text":"a"}\n' + long + b"\n" + exact + b"\n" + long
    found = [text for _, text in outcomes("a.jsonl", data, record_max_bytes=100)]
    assert found == ["a", "!too_large", "y" * 89, "!too_large"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_understood(encoding: str) -> None:
    """A mark at the start decides the encoding of all lines."""
    data = '{"text":"é"}\n{"text":"한국어"}\n'.encode(encoding)
    assert [text for _, text in outcomes("a.jsonl", data)] == ["é", "한국어"]


@pytest.mark.parametrize("name", ["a.txt", "a.json", "a.md", "a", "a.csv"])
def test_json_lines_are_known_by_content(name: str) -> None:
    """A first line that is an object by itself is JSON Lines under any name."""
    assert [text for _, text in outcomes(name, b'{"text":"a"}\nbroken\n')] == ["a", "!malformed"]


def test_a_long_first_line_is_known_as_well() -> None:
    """The first line may be longer than the head that formats are known by."""
    line = json.dumps({"text": "word " * 15_000}).encode()
    assert len(outcomes("a.txt", line + b"\n" + line)) == 2


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b'{\n "title": "T",\n "text": "X"\n}', "T\n\nX"),
        (b"[1,\n2]", "!malformed"),
        (b"{broken", "!malformed"),
        (b" \n", "!empty"),
        (b"", "!empty"),
        (b"[" + b" " * 100_000 + b"]", "!too_large"),
    ],
)
def test_other_json_is_one_document(data: bytes, outcome: str) -> None:
    """A .json file that is not JSON Lines is one document, good or bad."""
    assert outcomes("a.json", data) == [("a.json", outcome)]


def test_skipping_goes_on_where_reading_stopped() -> None:
    """Skipping n documents yields exactly those after the n-th, failed ones counted."""
    data = b"".join(b'{"text":"%d"}\n' % number if number % 3 else b"broken\n" for number in range(20))
    everything = outcomes("a.jsonl", data)
    for skip in (0, 1, 7, 20, 25):
        assert outcomes("a.jsonl", data, skip) == everything[skip:]


def test_the_digest_is_that_of_the_text() -> None:
    """The same text in two records is the same content, whichever field it comes from."""
    first, second = read_documents(uploaded("a.jsonl", b'{"text":"same"}\n{"abstract":" same "}'), LIMITS)
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert first.digest == second.digest


def test_a_huge_line_is_never_held() -> None:
    """A line of 30 MB costs two megabytes at the most, in counting and in reading."""
    data = b'{"text":"' + b"x" * 30_000_000 + b'"}\n{"text":"a"}'
    source = UploadSource("a.jsonl", len(data), lambda: BytesIO(data))
    tracemalloc.start()
    assert count_documents(source, LIMITS) == 2
    assert len(list(read_documents(source, LIMITS))) == 2
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2 * 2**20
