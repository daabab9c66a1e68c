"""Gives messages their numbers, and tells housekeeping apart: what comes by the clock has no stable number."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from harness.dependencies.boundary.messages import Message
from harness.errors import BoundaryError

_SHOWN_CHARS = 160


class Numbering:
    """Counts messages per wire and kind from 1; used from one thread only."""

    def __init__(self, housekeeping: Sequence[str] = ()) -> None:
        self._housekeeping = _compile(housekeeping)
        self._counts: Counter[tuple[str, str]] = Counter()

    def number(self, wire: str, kind: str, text: str) -> Message | None:
        """Number the next message of a kind; None for housekeeping: a pattern is found in `text`.

        `text` is an SQL statement or an HTTP path. Patterns see it with its white space run together.
        """
        text = " ".join(text.split())
        if any(pattern.search(text) for pattern in self._housekeeping):
            return None
        self._counts[wire, kind] += 1
        return Message(wire, kind, self._counts[wire, kind], text[:_SHOWN_CHARS])

    def restart(self) -> None:
        """Count from 1 again: the second point of a pair is counted from the target's restart."""
        self._counts.clear()


def _compile(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern, re.IGNORECASE))
        except re.error as error:
            raise BoundaryError(f"[boundary] housekeeping: {pattern!r} is not a regular expression: {error}") from None
    return tuple(compiled)
