"""JSON Lines, one document a line, and JSON files that hold a single value."""

import codecs
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import orjson

from importer.documents import UnreadableDocument
from importer.readers.encoding import clean, marked
from importer.readers.format import Content, Outcome, ReadLimits, Unit, failed
from importer.readers.lines import bounded_lines, decoded
from importer.readers.record import record_document, undecodable

_FIELDS = ("title", "abstract", "text")
_FIRST_LINE_MAX_BYTES = 2**20
"""A longer first line is not tried: such a file is JSON Lines only where its suffix says so."""


def is_lines(content: Content) -> bool:
    """Whether the first line that is not blank is a JSON object by itself."""
    first = content.head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not first.startswith(b"{"):
        return False
    line, newline, _ = first.partition(b"\n")
    if not newline and len(content.head) < content.size_bytes:
        line = _first_line(content)
    try:
        return isinstance(_parse(line), dict)
    except (ValueError, RecursionError):
        return False


def _first_line(content: Content) -> bytes:
    content.stream.seek(len(content.head) - len(content.head.removeprefix(codecs.BOM_UTF8).lstrip()))
    line = content.stream.readline(_FIRST_LINE_MAX_BYTES)
    return line if len(line) < _FIRST_LINE_MAX_BYTES else b""


def units(content: Content, limits: ReadLimits) -> Iterator[Unit]:
    """Yield one unit a line that is not blank; those of a wide encoding are recoded."""
    wide = marked(content.head)
    if wide is None:
        content.stream.seek(len(codecs.BOM_UTF8) if content.head.startswith(codecs.BOM_UTF8) else 0)
        yield from _lines(content, content.stream.readline, limits)
    else:
        with decoded(content.stream, wide, "\n") as text:
            yield from _lines(content, partial(_recoded, text.readline), limits)


def value_units(content: Content, limits: ReadLimits) -> Iterator[Unit]:
    """Yield a file that is not JSON Lines as one unit."""
    yield partial(_read_value, content, limits)


def _read_value(content: Content, limits: ReadLimits) -> Iterator[Outcome]:
    content.stream.seek(0)
    data = content.stream.read(limits.record_max_bytes + 1)
    if len(data) > limits.record_max_bytes:
        yield from _too_large(content.name, limits, content.size_bytes)()
    elif data.strip():
        yield from _read_line(data.removeprefix(codecs.BOM_UTF8), content.name, content.size_bytes)
    else:
        yield UnreadableDocument(content.name, "empty", "It has no text.", content.size_bytes)


def _lines(content: Content, readline: Callable[[int], bytes], limits: ReadLimits) -> Iterator[Unit]:
    for number, line in enumerate(bounded_lines(readline, limits.record_max_bytes, (b"\n",)), 1):
        if line is None:
            yield _too_large(f"{content.name}:{number}", limits, content.stream.tell())
        elif not line.isspace():
            yield partial(_read_line, line, f"{content.name}:{number}", content.stream.tell())


def _too_large(name: str, limits: ReadLimits, offset: int) -> Unit:
    return failed(name, "too_large", f"It is longer than {limits.record_max_bytes} bytes.", offset)


def _recoded(readline: Callable[[int], str], limit: int) -> bytes:
    return readline(limit).encode("utf-8", "surrogatepass")


def _read_line(line: bytes, name: str, offset: int) -> Iterator[Outcome]:
    try:
        record = _parse(line)
    except UnicodeDecodeError:
        yield undecodable(name, offset)
    except (ValueError, RecursionError) as error:
        yield UnreadableDocument(name, "malformed", f"It is not JSON: {_told(error)}", offset)
    else:
        yield _document(record, name, offset)


def _document(record: Any, name: str, offset: int) -> Outcome:
    if not isinstance(record, dict):
        return UnreadableDocument(name, "malformed", "It is JSON, but not an object.", offset)
    parts = [record.get(field) or "" for field in _FIELDS]
    for field, part in zip(_FIELDS, parts, strict=True):
        if not isinstance(part, str):
            return UnreadableDocument(name, "malformed", f"Its field {field} is not a text.", offset)
    return record_document(name, parts[0], parts, offset)


def _parse(line: bytes) -> Any:
    """Parse with orjson; what it refuses (lone surrogates, huge numbers, control characters) once more by json."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return _cleaned(json.loads(line.decode("utf-8", "surrogatepass"), strict=False))


def _cleaned(record: Any) -> Any:
    if not isinstance(record, dict):
        return record
    return {key: clean(value) if isinstance(value, str) else value for key, value in record.items()}


def _told(error: ValueError | RecursionError) -> str:
    return "nested too deeply." if isinstance(error, RecursionError) else f"{str(error)[:200]}."
