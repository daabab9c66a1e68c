"""Plain text and Markdown, and every way in which a text can be encoded."""

import os
import random
import tracemalloc
from io import BytesIO

import pytest

from importer.documents import Document, UploadSource
from importer.readers import read_documents
from tests.unit.uploaded import LIMITS, outcomes

KOREAN = "파이썬은 배우기 쉽고, 강력한 프로그래밍 언어입니다. 효율적인 자료 구조를 갖추고 있습니다.\n"
JAPANESE = "このモジュールは日本語の文字コードを判別するためのものです。カタカナと漢字が混在しています。\n"
CHINESE = "本文提出了一种新的方法、用于在有限的空间中处理大量的文件。实验结果表明该方法是有效的。\n"
RUSSIAN = "Эта работа описывает новый метод обработки больших документов в ограниченной памяти.\n"
FRENCH = "Cet article présente une étude acoustique des occlusives éjectives, à savoir où elles sont.\n"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a", "a.unknown"])
def test_a_text_is_one_document(name: str) -> None:
    """Its text is the file's, as it stands."""
    assert outcomes(name, b"# Title\n\nSome *text*.\n") == [(name, "# Title\n\nSome *text*.\n")]


@pytest.mark.parametrize("data", [b"", b" \n\t", b"\0\0\0", b"\xef\xbb\xbf", "\u3000".encode()])
def test_a_blank_text_is_empty(data: bytes) -> None:
    """Nothing but blanks and NULs is no text."""
    assert outcomes("a.txt", data) == [("a.txt", "!empty")]


@pytest.mark.parametrize("repeat", [1, 5, 3000])
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", KOREAN),
        ("utf-8-sig", KOREAN),
        ("utf-16", KOREAN),
        ("utf-32", KOREAN),
        ("cp949", KOREAN),
        ("johab", KOREAN),
        ("iso2022_kr", KOREAN),
        ("cp932", JAPANESE),
        ("euc_jp", JAPANESE),
        ("iso2022_jp", JAPANESE),
        ("gb18030", CHINESE),
        ("cp1251", RUSSIAN),
        ("koi8_r", RUSSIAN),
        ("cp1252", FRENCH),
    ],
)
def test_encodings_are_found(encoding: str, text: str, repeat: int) -> None:
    """Marked, UTF-8 and legacy encodings all give the text, short or longer than a sample."""
    assert outcomes("a.txt", (text * repeat).encode(encoding)) == [("a.txt", text * repeat)]


def test_a_legacy_letter_far_into_the_file_is_found() -> None:
    """The sample is taken where UTF-8 fails, not at the start."""
    text = "plain words\n" * 20_000 + FRENCH * 10 + "plain words\n" * 20_000
    assert outcomes("a.txt", text.encode("cp1252")) == [("a.txt", text)]


@pytest.mark.parametrize("size", [100, 5000, 200_000])
def test_binary_data_is_no_text(size: int) -> None:
    """Noise fails as `encoding` instead of becoming letters."""
    data = b"\x89\0\xff" + random.Random(size).randbytes(size)  # noqa: S311
    assert outcomes("a.txt", data) == [("a.txt", "!encoding")]


def test_nuls_and_lone_surrogates_are_cleaned() -> None:
    """NULs go, surrogates that stand alone become U+FFFD, in UTF-8 and in UTF-16."""
    assert outcomes("a.txt", b"a\0b\xed\xa0\x80c") == [("a.txt", "ab\ufffdc")]
    assert outcomes("a.txt", b"\xff\xfea\0\x00\xd8b\0") == [("a.txt", "a\ufffdb")]


def test_pieces_are_bounded_and_large_files_are_never_held() -> None:
    """30 MB pass through in pieces of at most 64 Ki characters, and in less than two megabytes."""
    data = ("é" + "x" * 997 + "\n").encode() * 30_000
    source = UploadSource("a.txt", len(data), lambda: BytesIO(data))
    tracemalloc.start()
    (document,) = (
        (one.digest, [len(piece) for piece in one.pieces])
        for one in read_documents(source, LIMITS)
        if isinstance(one, Document)
    )
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert max(document[1]) <= 64 * 1024
    assert sum(document[1]) == 999 * 30_000
    assert peak_bytes < 2 * 2**20


def test_errors_of_the_source_are_not_taken_for_bad_content() -> None:
    """A source that breaks is nobody's bad document: its error comes through."""

    class Broken(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise ConnectionError(os.strerror(104))

    source = UploadSource("a.txt", 10, lambda: Broken(b"x"))
    with pytest.raises(ConnectionError):
        list(read_documents(source, LIMITS))
