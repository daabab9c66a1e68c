"""Bounded reading of lines: one that is too long is passed over without being held."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import AnyStr, BinaryIO

from importer.readers.encoding import Encoding


def bounded_lines(readline: Callable[[int], AnyStr], limit: int, ends: tuple[AnyStr, ...]) -> Iterator[AnyStr | None]:
    """Yield each line; None in place of one longer than `limit`."""
    while line := readline(limit + 1):
        if len(line) <= limit or line.endswith(ends):
            yield line
        else:
            while line and not line.endswith(ends):
                line = readline(limit + 1)
            yield None


@contextmanager
def decoded(stream: BinaryIO, encoding: Encoding, newline: str | None) -> Iterator[io.TextIOWrapper]:
    """Lend the stream out as text, from its start, and leave it open afterwards."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding.name, encoding.errors, newline)
    try:
        yield text
    finally:
        text.detach()
