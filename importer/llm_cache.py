"""LLM answers kept in memory: the least recently used goes first, and each after its time to live."""

import time
from collections.abc import Callable

from cachetools import TTLCache

from importer.counters import Counters


class LLMCache:
    """At most `max_entries` answers, none older than `ttl_s`; what it holds is told in `counters`."""

    def __init__(
        self, max_entries: int, ttl_s: float, counters: Counters, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._now = clock()
        # Time stands still during a call, so that nothing expires unseen and uncounted in the middle of one.
        self._answers: TTLCache[bytes, str] = TTLCache(max_entries, ttl_s, lambda: self._now)
        self._counters = counters

    def get(self, key: bytes) -> str | None:
        """Return the answer under `key`, which makes it the most recently used one, or None."""
        self._expire()
        answer = self._answers.get(key)
        if answer is None:
            self._counters.cache_misses += 1
        else:
            self._counters.cache_hits += 1
        return answer

    def put(self, key: bytes, answer: str) -> None:
        """Keep `answer`; the least recently used one makes room for it."""
        if self._answers.maxsize < 1:
            return
        self._expire()
        self._drop(self._answers.pop(key, None))
        if len(self._answers) >= self._answers.maxsize:
            self._drop(self._answers.popitem()[1])
        self._answers[key] = answer
        self._counters.cache_bytes += _size_bytes(answer)
        self._counters.cache_entries = len(self._answers)

    def clear(self) -> None:
        """Forget everything."""
        self._answers.clear()
        self._counters.cache_entries = self._counters.cache_bytes = 0

    def _expire(self) -> None:
        self._now = self._clock()
        for _, answer in self._answers.expire():
            self._drop(answer)

    def _drop(self, answer: str | None) -> None:
        if answer is not None:
            self._counters.cache_bytes -= _size_bytes(answer)
            self._counters.cache_entries = len(self._answers)


def _size_bytes(answer: str) -> int:
    return len(answer.encode("utf-8", "surrogatepass"))
