"""PDFs: each in a child of its own, which may fail in any way and leaves nothing behind."""

import signal
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.documents import Document
from importer.readers import count_documents, pdf, read_documents
from tests.unit.uploaded import LIMITS, outcomes, uploaded

HELLO = b"BT /F1 12 Tf 50 700 Td (Hello world) Tj ET\n"


def _pdf(content: bytes, pages: int = 1) -> bytes:
    """Make a PDF of equal pages with these drawing commands."""
    packed = zlib.compress(content)
    kids = b" ".join(b"%d 0 R" % (5 + page) for page in range(pages))
    resources = b"/MediaBox[0 0 600 800]/Contents 3 0 R/Resources<</Font<</F1 4 0 R>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, pages),
        b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *[b"<</Type/Page/Parent 2 0 R%b>>" % resources for _ in range(pages)],
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    return out + head + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """No file stays open and no child stays behind, dead or alive."""
    before, children = set(map(str, Path("/proc/self/fd").iterdir())), _children()
    yield
    assert set(map(str, Path("/proc/self/fd").iterdir())) == before
    assert _children() <= children


def _children() -> set[str]:
    return {pid for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()}


@pytest.mark.parametrize("name", ["a.pdf", "a.txt", "a", "a.csv"])
def test_a_pdf_is_known_by_content(name: str) -> None:
    """Under any name it gives its text."""
    assert outcomes(name, _pdf(HELLO)) == [(name, "Hello world\n\n")]


def test_pages_are_joined_by_blank_lines() -> None:
    """All pages, in their order."""
    assert outcomes("a.pdf", _pdf(HELLO, pages=3)) == [("a.pdf", "Hello world\n\n" * 3)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "!malformed"),
        (b"not a PDF", "!malformed"),
        (b"%PDF-1.4\nbroken", "!malformed"),
        (b"1 0 obj<</A 1>>endobj", "!malformed"),
        (_pdf(b""), "!empty"),
        (_pdf(b"0 0 100 100 re f"), "!empty"),
        (_pdf(HELLO, pages=51), "!too_many_pages"),
    ],
)
def test_a_bad_pdf_has_a_reason(data: bytes, reason: str) -> None:
    """Broken, without text, or with too many pages."""
    assert outcomes("a.pdf", data) == [("a.pdf", reason)]


def test_a_pdf_that_takes_too_long_is_ended() -> None:
    """Its time is up before a child can even start."""
    assert outcomes("a.pdf", _pdf(HELLO), pdf_timeout_s=0.001) == [("a.pdf", "!timeout")]


@pytest.mark.parametrize("memory_bytes", [2**20, 48 * 2**20])
def test_a_pdf_that_needs_too_much_memory_fails_with_that_reason(memory_bytes: int) -> None:
    """Some 30 KB unpack to 20 MB of drawing commands, and to many times that in memory."""
    data = _pdf(b"0 0 m 5 5 l S\n" * 1_500_000)
    assert outcomes("a.pdf", data, pdf_memory_bytes=memory_bytes) == [("a.pdf", "!memory")]


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGTRAP"])
def test_a_crash_of_the_child_is_told_with_its_signal(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The document fails alone."""
    child = tmp_path / "child.py"
    child.write_text(f"import os, signal\nos.kill(os.getpid(), signal.{signal.Signals[name].name})\n")
    monkeypatch.setattr(pdf, "CHILD", child)
    (found,) = read_documents(uploaded("a.pdf", _pdf(HELLO)), LIMITS)
    assert not isinstance(found, Document)
    assert found.reason == "crashed"
    assert name in found.detail


def test_counting_and_skipping_start_no_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child that is not there would fail, if it were started."""
    monkeypatch.setattr(pdf, "CHILD", tmp_path / "nothing")
    source = uploaded("a.pdf", _pdf(HELLO))
    assert count_documents(source, LIMITS) == 1
    assert list(read_documents(source, LIMITS, skip=1)) == []


def test_a_document_that_is_dropped_leaves_nothing_open() -> None:
    """Closing the reader early, before or among the pieces, closes what it holds."""
    for consume in (False, True):
        documents = read_documents(uploaded("a.pdf", _pdf(HELLO)), LIMITS)
        document = next(documents)
        assert isinstance(document, Document)
        if consume:
            next(iter(document.pieces))
        documents.close()  # type: ignore[attr-defined]


def test_the_child_gets_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What parses a stranger's file sees no environment but what the loader of libraries needs."""
    child = tmp_path / "child.py"
    child.write_text(
        "import json, os\nprint(json.dumps({'pages': 0, 'reason': 'x', 'detail': ' '.join(os.environ)}))\n"
    )
    monkeypatch.setattr(pdf, "CHILD", child)
    monkeypatch.setenv("IMPORTER_OPENAI_API_KEY", "secret")
    (found,) = read_documents(uploaded("a.pdf", _pdf(HELLO)), LIMITS)
    assert not isinstance(found, Document)
    assert "IMPORTER" not in found.detail
