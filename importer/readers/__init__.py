"""Readers: every format of an upload, cut into documents.

What is one document, exactly (whoever counts a corpus from outside counts by these rules):

- The content decides first: `%PDF-` (or `1 0 obj`) at the start is a PDF, `PK` a zip, and a first non-blank line (of
  at most 1 MiB) that is a JSON object by itself JSON Lines. Then the suffix: `pdf`, `jsonl` or `ndjson`, `json`,
  `csv` or `tsv`, `bib` or `bibtex`, `ris`, `txt`, `text`, `md`, `markdown` or `rst`. Any other suffix: BibTeX where
  the first line that is not a % comment begins an entry, RIS where the first is a TY line, CSV where the first line
  names a title, abstract or text among other columns, else text.
- PDF, text, Markdown, and `.json` that is not JSON Lines: the file is one document.
- JSON Lines: each line that is not blank. Lines end at LF.
- CSV: each row after the first; rows of blank lines are none.
- BibTeX: each entry, closed or not, that begins with `@word{` or `@word(` at the start of a line (or right behind the
  end of another); `@comment`, `@string` and `@preamble` are none.
- RIS: each line TY begins one.
- Zip: each member by these rules, in the order of the archive's list. Folders, `__MACOSX/` and `.DS_Store` are none.
  A zip in a zip, an encrypted member, one that unpacks to too much: one failed document each. A zip that cannot be
  opened, or that is an office document or program: one failed document.
- Anything that holds no document at all by these rules (an empty file, a CSV with only its header, a zip of folders)
  is one failed document, reason `empty`: no upload vanishes.

A line, row or entry that is too long, broken or undecodable is one failed document like any other.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from typing import BinaryIO

from importer.documents import Document, UnreadableDocument, UploadSource
from importer.readers import bibtex, csv, jsonl, pdf, ris, text, zip_archive
from importer.readers.encoding import clean
from importer.readers.format import Content, Format, ReadLimits, Unit, content_of, failed, never

__all__ = ["ReadLimits", "count_documents", "read_documents"]


def read_documents(source: UploadSource, limits: ReadLimits, skip: int = 0) -> Iterator[Document | UnreadableDocument]:
    """Yield the documents of a file after the first `skip`, which are passed over without being parsed.

    Iterate a document's pieces before asking for the next one: what they are read from is closed then.
    """
    with source.open() as stream, closing(_units(_opened(source, stream), limits)) as units:
        for unit in islice(units, skip, None):
            yield from unit()


def count_documents(source: UploadSource, limits: ReadLimits) -> int:
    """Count what `read_documents` yields, without parsing any of it."""
    with source.open() as stream, closing(_units(_opened(source, stream), limits)) as units:
        return sum(1 for _ in units)


def _opened(source: UploadSource, stream: BinaryIO) -> Content:
    return content_of(clean(source.name), source.size_bytes, stream)


def _units(content: Content, limits: ReadLimits) -> Generator[Unit, None, None]:
    empty = True
    for unit in _format_of(content).units(content, limits):
        empty = False
        yield unit
    if empty:
        yield failed(content.name, "empty", "There is no document in it.", content.size_bytes)


def _format_of(content: Content) -> Format:
    for one in FORMATS:
        if one.recognises(content):
            return one
    for one in FORMATS:
        if content.suffix in one.suffixes:
            return one
    return next((one for one in FORMATS if one.resembles(content)), TEXT)


TEXT = Format("text", frozenset({"txt", "text", "md", "markdown", "rst"}), text.units, never, never)
FORMATS = (
    Format("pdf", frozenset({"pdf"}), pdf.units, pdf.is_pdf, never),
    Format("zip", frozenset({"zip"}), partial(zip_archive.units, cut=_units), zip_archive.is_zip, never),
    Format("jsonl", frozenset({"jsonl", "ndjson"}), jsonl.units, jsonl.is_lines, never),
    Format("json", frozenset({"json"}), jsonl.value_units, never, never),
    Format("csv", frozenset({"csv", "tsv"}), csv.units, never, csv.has_known_column),
    Format("bibtex", frozenset({"bib", "bibtex"}), bibtex.units, never, bibtex.looks_like),
    Format("ris", frozenset({"ris"}), ris.units, never, ris.looks_like),
    TEXT,
)
"""Every format; the order decides where two would do."""
