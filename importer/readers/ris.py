"""RIS: one document an entry, from its line TY to its line ER."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from importer.readers.encoding import TOLERANT, survey
from importer.readers.format import Content, Outcome, ReadLimits, Unit, failed
from importer.readers.lines import bounded_lines, decoded
from importer.readers.record import record_document

_TAG = re.compile(r"([A-Z][A-Z0-9])  ?-(?: (.*)|\s*$)", re.DOTALL)
_TITLES = ("TI", "T1", "CT")
_ABSTRACTS = ("AB", "N2")


@dataclass(slots=True)
class _Entry:
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    tag: str = ""
    chars: int = 0
    reason: str = ""
    detail: str = ""

    def take(self, tag: str, text: str) -> None:
        """Add a line; one without a tag goes on with the field before it."""
        self.chars += len(text)
        if tag and tag in self.fields:
            self.tag = ""
        elif tag:
            self.tag = tag
            self.fields[tag] = text
        elif self.tag:
            self.fields[self.tag] += text


def looks_like(content: Content) -> bool:
    """Whether the text begins with a TY line."""
    found = _TAG.match(content.head[:200].decode("utf-8-sig", "replace").lstrip())
    return found is not None and found[1] == "TY"


def units(content: Content, limits: ReadLimits) -> Iterator[Unit]:
    """Yield one unit an entry; one that is not closed before the next begins is broken."""
    found = survey(content.stream)
    with decoded(content.stream, found.encoding if found else TOLERANT, None) as text:
        lines = bounded_lines(text.readline, limits.record_max_bytes, ("\n",))
        for entry in _entries(lines, limits.record_max_bytes):
            name, offset = f"{content.name}:{entry.line}", content.stream.tell()
            if entry.reason:
                yield failed(name, entry.reason, entry.detail, offset)
            else:
                yield partial(_read, entry.fields, name, offset)


def _entries(lines: Iterable[str | None], limit: int) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for number, line in enumerate(lines, 1):
        found = _TAG.match(line) if line else None
        tag = found[1] if found else ""
        if entry and (line is None or entry.chars > limit):
            yield _ended(entry, "too_large", f"It is longer than {limit} characters.")
            entry = None
        elif entry and tag == "TY":
            yield _ended(entry, "malformed", "The entry has no ER line.")
            entry = None
        if tag == "TY":
            entry = _Entry(number)
        elif entry and tag == "ER":
            yield entry
            entry = None
        elif entry and line:
            entry.take(tag, (found[2] or "") if found else line)
    if entry:
        yield _ended(entry, "malformed", "The entry has no ER line.")


def _ended(entry: _Entry, reason: str, detail: str) -> _Entry:
    entry.reason, entry.detail = reason, detail
    return entry


def _read(fields: dict[str, str], name: str, offset: int) -> Iterator[Outcome]:
    title, abstract = _first(fields, _TITLES), _first(fields, _ABSTRACTS)
    yield record_document(name, title, (title, abstract), offset)


def _first(fields: dict[str, str], tags: tuple[str, ...]) -> str:
    return next((fields[tag] for tag in tags if fields.get(tag, "").strip()), "")
