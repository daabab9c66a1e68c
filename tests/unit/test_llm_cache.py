"""The cache of LLM answers: what goes first, what is too old, and what is told of it."""

import pytest

from importer.counters import Counters
from importer.llm_cache import LLMCache


class Clock:
    """Time that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@pytest.fixture
def counters() -> Counters:
    """Return counters at zero."""
    return Counters()


def test_the_least_recently_used_answer_goes_first(counters: Counters) -> None:
    """At its limit the cache drops what was not asked for the longest."""
    cache = LLMCache(2, 60, counters)
    cache.put(b"a", "A")
    cache.put(b"b", "B")
    assert cache.get(b"a") == "A"
    cache.put(b"c", "C")
    assert [cache.get(key) for key in (b"a", b"b", b"c")] == ["A", None, "C"]


def test_an_answer_is_dropped_after_its_time_to_live(counters: Counters) -> None:
    """Age counts from when an answer was put, not from when it was asked for."""
    clock = Clock()
    cache = LLMCache(10, 60, counters, clock)
    cache.put(b"a", "A")
    clock.now = 59
    assert cache.get(b"a") == "A"
    clock.now = 60
    assert cache.get(b"a") is None
    assert counters.cache_entries == counters.cache_bytes == 0


def test_hits_misses_entries_and_bytes_are_told(counters: Counters) -> None:
    """The counters say what the cache holds now, in UTF-8 bytes, through puts, replacements and evictions."""
    cache = LLMCache(2, 60, counters)
    cache.put(b"a", "é" * 10)
    cache.put(b"a", "é" * 5)
    cache.put(b"b", "x" * 7)
    assert (counters.cache_entries, counters.cache_bytes) == (2, 17)
    cache.put(b"c", "x")
    assert (counters.cache_entries, counters.cache_bytes) == (2, 8)
    cache.get(b"c")
    cache.get(b"nothing")
    assert (counters.cache_hits, counters.cache_misses) == (1, 1)


def test_a_cache_of_no_entries_keeps_nothing(counters: Counters) -> None:
    """Size 0 turns it off."""
    cache = LLMCache(0, 60, counters)
    cache.put(b"a", "A")
    assert cache.get(b"a") is None
    assert counters.cache_bytes == 0
