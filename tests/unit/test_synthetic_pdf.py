"""The corpus of made PDF files."""

import pypdfium2
import pytest

from harness.corpora.synthetic_pdf import parse_count, pdf_files
from harness.errors import CorpusError


def _text(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as document:
        pages = [document[place].get_textpage().get_text_range() for place in range(len(document))]
    return " ".join(" ".join(pages).split())


def test_each_file_holds_its_document() -> None:
    """A PDF reader finds the words of the document, over several pages."""
    files = dict(pdf_files(2))
    assert list(files) == ["document-00000.pdf", "document-00001.pdf"]
    text = _text(files["document-00001.pdf"])
    assert "study 1 of the" in text
    assert len(text) > 4000


def test_a_file_does_not_depend_on_how_many_there_are() -> None:
    """The same name is the same content, so that a cache can be filled up."""
    assert dict(pdf_files(3)).items() >= dict(pdf_files(2)).items()


def test_a_misspelt_count_is_refused() -> None:
    """Not a number, or none; another corpus is none of our business."""
    assert parse_count("synthetic:3") is None
    assert parse_count("synthetic-pdf:12") == 12
    with pytest.raises(CorpusError, match="synthetic-pdf:20"):
        parse_count("synthetic-pdf:none")
