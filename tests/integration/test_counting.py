"""The harness' own count of documents and what the importer's readers yield agree, file by file."""

import io
import zipfile
from pathlib import Path

import pytest

from harness.corpora.corpus import corpus_of
from harness.corpora.counting import count_documents
from importer.documents import UploadSource
from importer.readers import ReadLimits
from importer.readers import count_documents as readers_count
from tests.integration.corpus import real_documents

LIMITS = ReadLimits(record_max_bytes=8 * 2**20, pdf_max_pages=5000, pdf_timeout_s=60, pdf_memory_bytes=2**28)


def _readers_count(path: Path) -> int:
    return readers_count(UploadSource(path.name, path.stat().st_size, lambda: path.open("rb")), LIMITS)


@pytest.mark.parametrize("folder", ["pdfs", "hostile"])
def test_both_count_the_real_documents_alike(folder: str) -> None:
    """Broken, encrypted and oddly encoded files count the same from outside as from inside."""
    corpus = corpus_of(folder, real_documents() / folder)
    assert {one.name: one.documents for one in corpus.files} == {
        one.name: _readers_count(one.path) for one in corpus.files
    }


@pytest.mark.parametrize(
    ("name", "content", "documents"),
    [
        ("empty.txt", "", 1),
        ("lines.jsonl", '{"a": 1}\n\n  \n{"b": 2}\nnot json\n', 3),
        ("lines.md", '{"a": 1}\n{"b": 2}\n', 2),
        ("pretty.json", '{\n  "a": 1\n}\n', 1),
        ("rows.csv", 'title,text\n"a\nb",1\n\nc,2\n', 2),
        ("header.csv", "title,text\n", 1),
        ("rows.unknown", "Title;Year\na;1\nb;2\n", 2),
        ("refs.bib", "@comment{x}\n@string{a = {b}}\n@article{k,\n title={T}\n}\n@book(k2, title={U})\n", 2),
        ("refs.ris", "TY  - JOUR\nTI  - A\nER  - \nTY  - JOUR\nTI  - B\nER  - \n", 2),
        ("pretends.txt", "%PDF-1.4 and no more", 1),
    ],
)
def test_each_format_counts_by_its_rule(tmp_path: Path, name: str, content: str, documents: int) -> None:
    """Lines, rows and entries are documents; a file without any is one that fails."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert count_documents(path) == documents == _readers_count(path)


def test_a_zip_counts_its_members_by_their_own_rules(tmp_path: Path) -> None:
    """Folders and the litter of desktops are none; a nested zip is one."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as nested:
        nested.writestr("a.txt", "a")
        nested.writestr("b.txt", "b")
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/", "")
        archive.writestr("__MACOSX/x", "x")
        archive.writestr("folder/.DS_Store", "x")
        archive.writestr("lines.jsonl", '{"a": 1}\n{"b": 2}\n')
        archive.writestr("note.txt", "note")
        archive.writestr("inner.zip", inner.getvalue())
    assert count_documents(path) == 4 == _readers_count(path)
