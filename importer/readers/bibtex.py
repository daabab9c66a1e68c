"""BibTeX: one document an entry, found by balanced braces, line by line."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from importer.documents import UnreadableDocument
from importer.readers.encoding import TOLERANT, clean, survey
from importer.readers.format import Content, Outcome, ReadLimits, Unit, failed
from importer.readers.latex import plain
from importer.readers.lines import bounded_lines, decoded
from importer.readers.record import record_document

_START = re.compile(r"\s*@\s*([A-Za-z]\w*)\s*([{(])")
_NO_DOCUMENTS = frozenset({"comment", "string", "preamble"})
_BRACES = re.compile(r"\\.|[{})]", re.DOTALL)
_KEY = re.compile(r"\s*([^\s,={}\"#]*)\s*(?:,|\Z)")
_FIELD = re.compile(r"[\s,]*([^\s=,{}\"#]+)\s*=\s*")
_BARE = re.compile(r"[^\s,#{}\"]+")
_JOIN = re.compile(r"\s*#\s*")
_END = re.compile(r"[\s,]*\Z")


@dataclass(slots=True)
class _Entry:
    """An entry while it is being read, and afterwards."""

    line: int
    kind: str
    closing: str
    depth: int = 0
    chars: int = 0
    parts: list[str] = field(default_factory=list)
    reason: str = ""
    detail: str = ""

    def take(self, text: str) -> str | None:
        """Add what belongs to it; return what follows once it is closed, None until then."""
        for token in _BRACES.finditer(text):
            if token[0] == self.closing and self.depth == 0:
                self._add(text[: token.start()])
                return text[token.end() :]
            self.depth += {"{": 1, "}": -1}.get(token[0], 0)
        self._add(text)
        return None

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.chars += len(text)


def looks_like(content: Content) -> bool:
    """Whether the text begins with an entry, after comments at most."""
    for line in content.head.decode("utf-8-sig", "replace").splitlines():
        if line.strip() and not line.lstrip().startswith("%"):
            return _START.match(line) is not None
    return False


def units(content: Content, limits: ReadLimits) -> Iterator[Unit]:
    """Yield one unit an entry, broken ones too; @comment, @string and @preamble are none."""
    found = survey(content.stream)
    with decoded(content.stream, found.encoding if found else TOLERANT, None) as text:
        lines = bounded_lines(text.readline, limits.record_max_bytes, ("\n",))
        for entry in _entries(lines, limits.record_max_bytes):
            if entry.kind not in _NO_DOCUMENTS:
                yield _unit(entry, content)


def _unit(entry: _Entry, content: Content) -> Unit:
    offset = content.stream.tell()
    if entry.reason:
        return failed(f"{content.name}:{entry.line}", entry.reason, entry.detail, offset)
    return partial(_read, "".join(entry.parts), content.name, entry.line, offset)


def _entries(lines: Iterable[str | None], limit: int) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for number, whole in enumerate(lines, 1):
        if whole is None:
            yield _too_large(entry or _Entry(number, "", ""), limit)
            entry = None
            continue
        rest: str | None = whole
        if entry is not None and _START.match(whole):
            yield _broken(entry)
            entry = None
        while rest:
            if entry is None:
                start = _START.match(rest)
                if start is None:
                    break
                entry = _Entry(number, start[1].lower(), "}" if start[2] == "{" else ")")
                rest = rest[start.end() :]
            rest = entry.take(rest)
            if entry.chars > limit:
                yield _too_large(entry, limit)
                entry, rest = None, None
            elif rest is not None:
                yield entry
                entry = None
    if entry is not None:
        yield _broken(entry)


def _broken(entry: _Entry) -> _Entry:
    entry.reason, entry.detail = "malformed", "The entry is never closed."
    return entry


def _too_large(entry: _Entry, limit: int) -> _Entry:
    entry.reason, entry.detail = "too_large", f"It is longer than {limit} characters."
    return entry


def _read(body: str, file_name: str, line: int, offset: int) -> Iterator[Outcome]:
    try:
        key, fields = _fields(body)
    except ValueError as error:
        yield UnreadableDocument(f"{file_name}:{line}", "malformed", str(error), offset)
        return
    parts = [plain(fields.get(name, "")) for name in ("title", "abstract", "text")]
    yield record_document(f"{file_name}:{clean(key) or line}", parts[0], parts, offset)


def _fields(body: str) -> tuple[str, dict[str, str]]:
    """Take an entry's body apart; ValueError says what is wrong with it."""
    key = _KEY.match(body)
    position, fields = key.end() if key else 0, dict[str, str]()
    while not _END.match(body, position):
        name = _FIELD.match(body, position)
        if name is None:
            raise ValueError(f"A field is expected at {body[position : position + 40]!r}.")
        fields[name[1].lower()], position = _value(body, name.end())
    return key[1] if key else "", fields


def _value(body: str, position: int) -> tuple[str, int]:
    parts = []
    while True:
        end = _literal_end(body, position)
        parts.append(body[position:end].removeprefix('"').removesuffix('"'))
        joined = _JOIN.match(body, end)
        if joined is None:
            return "".join(parts), end
        position = joined.end()


def _literal_end(body: str, position: int) -> int:
    if body[position : position + 1] not in ("{", '"'):
        bare = _BARE.match(body, position)
        if bare is None:
            raise ValueError(f"A value is expected at {body[position : position + 40]!r}.")
        return bare.end()
    quoted, depth = body[position] == '"', 0
    for token in re.compile(r'\\.|[{}"]', re.DOTALL).finditer(body, position + quoted):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0 and token[0] == ('"' if quoted else "}"):
            return token.end()
    raise ValueError(f"The value is never closed at {body[position : position + 40]!r}.")
