"""Names SQL statements by what they do: the kind of a message on the Postgres wire."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

EMPTY = "empty"
OTHER = "other"
_READ_CHARS = 4096
_SAME = {"end": "commit", "abort": "rollback", "start": "begin"}
_AFTER_WITH = frozenset({"select", "insert", "update", "delete", "merge", "values", "table"})
_PIECE = re.compile(
    r"""
    (?P<skipped> \s+ | --[^\n]* | /\*.*?\*/ )
    | (?P<quoted> [eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<tag>\$\w*\$).*?(?P=tag) )
    | (?P<word> [^\W\d]\w* )
    | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """An SQL statement as the boundary sees it; of several in one text the first gives the verb."""

    text: str
    """Without comments, white space run together: what housekeeping patterns are searched in."""
    verb: str
    """In lower case; `empty` when there is none, `other` when it cannot be told."""
    ends_transaction: bool
    """Whether it is a COMMIT or ROLLBACK of a transaction as a whole, not one back to a savepoint."""


def read_statement(sql: str) -> Statement:
    """Read a statement as far as it matters: some thousand characters, the same text only once."""
    return _read(sql[:_READ_CHARS])


@lru_cache(maxsize=512)
def _read(sql: str) -> Statement:
    pieces = [match for match in _PIECE.finditer(sql) if match.lastgroup != "skipped"]
    words = ["'" if match["quoted"] else match[0].lower() for match in pieces]
    verb = _verb(iter(words))
    first = words[: words.index(";")] if ";" in words else words
    return Statement(_plain(sql), verb, verb in ("commit", "rollback") and "to" not in first)


def _plain(sql: str) -> str:
    kept = (" " if match.lastgroup == "skipped" else match[0] for match in _PIECE.finditer(sql))
    return " ".join("".join(kept).split())


def _verb(words: Iterator[str]) -> str:
    first = next((word for word in words if word not in "(;"), None)
    if first is None:
        return EMPTY
    verb = _main_verb(words) if first == "with" else _SAME.get(first, first)
    return verb if re.fullmatch("[a-z_]+", verb) else OTHER


def _main_verb(words: Iterator[str]) -> str:
    """The verb behind the common table expressions, whose names may look like verbs and whose insides are skipped."""
    depth, before = 0, "with"
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in _AFTER_WITH and before not in ("with", "recursive", ","):
            return word
        if depth == 0:
            before = word
    return OTHER
