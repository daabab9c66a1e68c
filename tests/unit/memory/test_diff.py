"""What is called a growth, and what is noise."""

from dataclasses import replace

import pytest

from harness.memory.diff import FLOOR_BYTES, DiffError, compare, floor_of, site_diff
from reports.trace import TRACE_VERSION, Attributed, Site, Trace

MIB = 2**20


def _site(function: str, held: int, at_peak: int | None = None, package: str = "app") -> Site:
    return Site(function, f"{package}/a.py", 1, held if at_peak is None else at_peak, 1, held, package)


def _trace(*sites: Site, heap: int = 80 * MIB) -> Trace:
    return Trace(
        TRACE_VERSION, "exact", "1.20.0", "3.11.7", heap, Attributed(0, None, None), 0, sites, (), (), None, 1.0, 0
    )


BEFORE = _trace(_site("decode", 10 * MIB), _site("read", MIB), _site("other", 3 * MIB, package="httpx"))


def test_the_largest_growth_comes_first_and_the_largest_shrinking_last() -> None:
    """Sites that came and sites that went count from nothing and to nothing."""
    after = _trace(_site("decode", 16 * MIB), _site("cache", 2 * MIB), _site("other", MIB, package="httpx"))
    found = site_diff(BEFORE, after)
    assert [(one.function, one.delta_bytes) for one in found] == [
        ("decode", 6 * MIB),
        ("cache", 2 * MIB),
        ("read", -MIB),
        ("other", -2 * MIB),
    ]


def test_nothing_within_the_floor_is_told() -> None:
    """It is counted, and what it comes to is said."""
    after = _trace(
        _site("decode", 10 * MIB + FLOOR_BYTES), _site("read", MIB), _site("other", 3 * MIB - 7, package="httpx")
    )
    found = compare(BEFORE, after, ("a", "b"))
    assert (found.sites, found.packages) == ((), ())
    assert (found.within_floor, found.within_floor_bytes) == (2, FLOOR_BYTES - 7)


def test_the_floor_rises_with_the_heap() -> None:
    """Half a percent of a large heap is noise too."""
    assert floor_of(BEFORE, BEFORE) == FLOOR_BYTES
    assert floor_of(BEFORE, replace(BEFORE, heap_peak_bytes=1000 * MIB)) == 5 * MIB


def test_buffers_that_come_and_go_have_a_floor_of_their_own() -> None:
    """A site that holds 40 MB for moments may differ by 3 MB on average; one that keeps what it holds may not."""
    before, after = _trace(_site("post", MIB, 40 * MIB)), _trace(_site("post", 4 * MIB, 40 * MIB))
    assert site_diff(before, after) == ()
    assert len(site_diff(_trace(_site("post", MIB)), _trace(_site("post", 4 * MIB)))) == 1


def test_packages_add_up_their_sites() -> None:
    """Many small growths of one package are one large one."""
    grown = [_site(f"f{number}", 400 * 1024, package="httpx") for number in range(10)]
    found = compare(BEFORE, replace(BEFORE, sites=(*BEFORE.sites, *grown)), ("a", "b"))
    assert found.sites == ()
    assert [(one.package, one.delta_bytes) for one in found.packages] == [("httpx", 4000 * 1024)]


def test_cheap_traces_are_refused() -> None:
    """Blocks of Python's allocator fall to whoever asks first, so they say nothing about a difference."""
    with pytest.raises(DiffError, match="b was traced with --trace; a comparison needs --trace exact"):
        compare(BEFORE, replace(BEFORE, mode="cheap"), ("a", "b"))
