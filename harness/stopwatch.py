"""Adds up where the time of a piece of work goes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Stopwatch:
    """Seconds by phase; a phase inside another counts for itself alone."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._inner: list[float] = []

    @property
    def seconds(self) -> Mapping[str, float]:
        """Phase to seconds, in the order in which they first ended."""
        return dict(self._seconds)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time of the block for `name`."""
        started_s = time.monotonic()
        self._inner.append(0.0)
        try:
            yield
        finally:
            elapsed_s = time.monotonic() - started_s
            inner_s = self._inner.pop()
            self._seconds[name] = self._seconds.get(name, 0.0) + elapsed_s - inner_s
            if self._inner:
                self._inner[-1] += elapsed_s
