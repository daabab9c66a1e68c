"""CSV: a header, then one document a row."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

from importer.readers.encoding import TOLERANT, survey
from importer.readers.format import Content, Outcome, ReadLimits, Unit, failed
from importer.readers.lines import bounded_lines, decoded
from importer.readers.record import record_document

_COLUMNS = ("title", "abstract", "text")
_DELIMITERS = ",;\t|"


class _RowTooLongError(Exception):
    """Raised through csv.reader, which begins a new row when it is asked again."""


@dataclass(slots=True)
class _Lines:
    """Feeds csv.reader, which asks for as many lines as a row has, and keeps account of them."""

    source: Iterator[str | None]
    limit: int
    number: int = 0
    row_chars: int = 0
    ended: bool = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self.source, "")
        if line == "":
            self.ended = True
            raise StopIteration
        self.number += 1
        self.row_chars += self.limit + 1 if line is None else len(line)
        if line is None or self.row_chars > self.limit:
            raise _RowTooLongError
        return line.replace("\0", "")


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: tuple[str, ...]
    reason: str = ""
    detail: str = ""


def has_known_column(content: Content) -> bool:
    """Whether the first line names a title, abstract or text among several columns."""
    header = content.head.partition(b"\n")[0].decode("utf-8-sig", "replace")
    cells = header.split(_delimiter(header))
    return len(cells) > 1 and any(_named(cell) in _COLUMNS for cell in cells)


def units(content: Content, limits: ReadLimits) -> Iterator[Unit]:
    """Yield one unit a row that is not blank; a broken header fails as one document."""
    found = survey(content.stream)
    with decoded(content.stream, found.encoding if found else TOLERANT, "") as text:
        bounded = bounded_lines(text.readline, limits.record_max_bytes, ("\n", "\r"))
        rows = _rows(bounded, limits)
        header = next(rows, _Row(0, ()))
        if header.reason:
            yield _unit(header, (), content)
            return
        columns = _columns(header.cells)
        for row in rows:
            yield _unit(row, columns, content)


def _rows(lines: Iterator[str | None], limits: ReadLimits) -> Iterator[_Row]:
    first = next(lines, "")
    feed = _Lines(chain([first], lines), limits.record_max_bytes)
    csv.field_size_limit(max(csv.field_size_limit(), limits.record_max_bytes))
    reader = csv.reader(feed, delimiter=_delimiter(first or ""))
    while not feed.ended:
        feed.row_chars, start = 0, feed.number + 1
        row = _next_row(reader, feed, start)
        if row is not None and (row.cells or row.reason):
            yield row


def _next_row(reader: Iterator[list[str]], feed: _Lines, start: int) -> _Row | None:
    try:
        cells = next(reader)
    except StopIteration:
        return None
    except _RowTooLongError:
        return _Row(start, (), "too_large", f"It is longer than {feed.limit} characters.")
    except csv.Error as error:
        return _Row(start, (), "malformed", f"It is not CSV: {error}.")
    if feed.ended:
        return _Row(start, (), "malformed", "A quoted cell is never closed.")
    return _Row(start, tuple(cells))


def _columns(header: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of title, abstract and text, -1 for one that is missing; none where all of them are."""
    names = [_named(cell) for cell in header]
    columns = tuple(names.index(column) if column in names else -1 for column in _COLUMNS)
    return columns if max(columns) >= 0 else ()


def _named(cell: str) -> str:
    return cell.strip().strip('"').lower()


def _delimiter(header: str) -> str:
    """The one that the header has most of; a comma where it has none."""
    return max(_DELIMITERS, key=header.count)


def _unit(row: _Row, columns: tuple[int, ...], content: Content) -> Unit:
    name, offset = f"{content.name}:{row.line}", content.stream.tell()
    if row.reason:
        return failed(name, row.reason, row.detail, offset)
    return partial(_read, row.cells, columns, name, offset)


def _read(cells: tuple[str, ...], columns: tuple[int, ...], name: str, offset: int) -> Iterator[Outcome]:
    known = [cells[column] if 0 <= column < len(cells) else "" for column in columns]
    yield record_document(name, known[0] if known else "", known or cells, offset)
