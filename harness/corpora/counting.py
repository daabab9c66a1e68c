"""How many documents a file holds, counted by the harness itself, so that no target is believed about its own total.

One file (text, Markdown, PDF) is one document; a line of JSON Lines, a row of CSV, an entry of BibTeX or RIS is one;
each member of a zip counts by its own rule. A file that holds none is one document, which can only fail. Content
decides over the suffix: PDF, zip and JSON Lines are known by how they begin; a suffix that is not known is sniffed.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

_HEAD_BYTES = 2**20
_UTF8_MARK = b"\xef\xbb\xbf"
_PDF = re.compile(rb"\s*(?:%PDF-|1 0 obj)")
_ONE_DOCUMENT = frozenset({"pdf", "json", "txt", "text", "md", "markdown", "rst"})
_OFFICE = frozenset({"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"})
_BIBTEX_ENTRY = re.compile(r"\s*@\s*(?!comment|string|preamble)\w+\s*[{(]", re.IGNORECASE)
_RIS_ENTRY = re.compile(r"\s*TY  ?-")
_COLUMNS = frozenset({"title", "abstract", "text"})
_DELIMITERS = ",;\t|"

Counter = Callable[[io.TextIOWrapper], int]


def count_documents(path: Path) -> int:
    """Documents of one file, at least 1."""
    with path.open("rb") as stream:
        return _count(path.name, stream)


def is_lines(path: Path) -> bool:
    """Whether the file is JSON Lines, so that it can be cut between two lines."""
    with path.open("rb") as stream:
        return _is_json_lines(path.name, stream.read(_HEAD_BYTES))


def _count(name: str, stream: IO[bytes]) -> int:
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    if _PDF.match(head):
        return 1
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_members(stream)
    if _is_json_lines(name, head):
        return max(sum(1 for line in stream if line.removeprefix(_UTF8_MARK).strip()), 1)
    counter = _counter(_suffix(name), head.removeprefix(_UTF8_MARK).decode("utf-8", "replace"))
    if counter is None:
        return 1
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    try:
        return max(counter(text), 1)
    finally:
        text.detach()


def _is_json_lines(name: str, head: bytes) -> bool:
    if _suffix(name) in {"jsonl", "ndjson"}:
        return True
    first = head.removeprefix(_UTF8_MARK).lstrip().partition(b"\n")[0]
    try:
        return first.startswith(b"{") and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _counter(suffix: str, head: str) -> Counter | None:
    if suffix in _COUNTERS:
        return _COUNTERS[suffix]
    if suffix in _ONE_DOCUMENT:
        return None
    first = next((line for line in head.splitlines() if line.strip() and not line.lstrip().startswith("%")), "")
    if _BIBTEX_ENTRY.match(first):
        return _entries
    if _RIS_ENTRY.match(first):
        return _ris_entries
    header = head.partition("\n")[0]
    cells = {cell.strip().strip('"').lower() for cell in header.split(_delimiter(header))}
    return _rows if len(cells) > 1 and cells & _COLUMNS else None


def _zip_members(stream: IO[bytes]) -> int:
    try:
        with zipfile.ZipFile(stream) as archive:
            if _OFFICE & archive.NameToInfo.keys():
                return 1
            return max(sum(_member(archive, one) for one in archive.infolist()), 1)
    except (zipfile.BadZipFile, OSError, ValueError):
        return 1


def _member(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> int:
    if one.filename.startswith("__MACOSX/") or one.filename.endswith(("/", ".DS_Store")):
        return 0
    try:
        with archive.open(one) as stream:
            nested = stream.read(4) in {b"PK\x03\x04", b"PK\x05\x06"}
            stream.seek(0)
            return 1 if nested else _count(one.filename, stream)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError):
        return 1  # encrypted, damaged, or packed in a way that is not known: it fails as one


def _rows(text: io.TextIOWrapper) -> int:
    header = text.readline()
    lines = (line.replace("\0", "") for line in _chain(header, text))
    rows = sum(1 for row in csv.reader(lines, delimiter=_delimiter(header)) if row)
    return rows - 1


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _entries(text: io.TextIOWrapper) -> int:
    return sum(1 for line in text if _BIBTEX_ENTRY.match(line))


def _ris_entries(text: io.TextIOWrapper) -> int:
    return sum(1 for line in text if _RIS_ENTRY.match(line))


def _suffix(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[2].lower()


_COUNTERS: dict[str, Counter] = {
    "csv": _rows,
    "tsv": _rows,
    "bib": _entries,
    "bibtex": _entries,
    "ris": _ris_entries,
}
