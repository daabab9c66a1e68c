"""What grew and shrank between two exact traces, by leaf site and by package.

A site is compared by what it held on average in the second half of the import, not by what it held at the heap's peak:
which of the short-lived buffers a peak catches is a coincidence, and moves single sites by megabytes between two runs
of the same code. A leak of N bytes shows as about three quarters of N.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import HalfgigError
from reports.trace import Site, Trace
from reports.trace_diff import DiffSide, PackageChange, SiteChange, TraceDiff

FLOOR_BYTES = 512 * 1024
FLOOR_SHARE = 0.005
"""Of the larger heap. Runs of the same commit differed by at most half of the floor in any site (docs/memory.md)."""
BUFFER_SHARE = 0.1
"""Of what a site holds at the peak beyond its average: how busy a run was moves averages of such buffers."""

SiteKey = tuple[str, str]


class DiffError(HalfgigError):
    """Two traces cannot be compared; the message says why."""


@dataclass(frozen=True, slots=True)
class SiteDelta:
    """How much more (or, below zero, less) a site held in the second trace than in the first."""

    function: str
    file: str
    delta_bytes: int


def site_diff(trace_a: Trace, trace_b: Trace) -> tuple[SiteDelta, ...]:
    """Every site that changed, the largest growth first; nothing that is within the noise floor."""
    found = compare(trace_a, trace_b, ("before", "after"))
    return tuple(SiteDelta(one.function, one.file, one.delta_bytes) for one in found.sites)


def compare(before: Trace, after: Trace, names: tuple[str, str]) -> TraceDiff:
    """The whole comparison; DiffError where one of the two was not traced exactly."""
    for trace, name in zip((before, after), names, strict=True):
        if trace.mode != "exact":
            raise DiffError(f"{name} was traced with --trace; a comparison needs --trace exact")
    changes, floor = _changes(before, after), floor_of(before, after)
    told = [one for one, own_floor in changes if abs(one.delta_bytes) > max(floor, own_floor)]
    quiet = [one for one, _ in changes if one not in set(told) and one.delta_bytes]
    return TraceDiff(
        before=_side(before, names[0]),
        after=_side(after, names[1]),
        floor_bytes=floor,
        sites=tuple(sorted(told, key=lambda one: (-one.delta_bytes, one.file, one.function))),
        packages=_packages(before, after, floor),
        within_floor=len(quiet),
        within_floor_bytes=sum(one.delta_bytes for one in quiet),
    )


def floor_of(before: Trace, after: Trace) -> int:
    """Below this nothing is told."""
    return max(FLOOR_BYTES, round(FLOOR_SHARE * max(before.heap_peak_bytes, after.heap_peak_bytes)))


def _changes(before: Trace, after: Trace) -> list[tuple[SiteChange, float]]:
    """Every site of either, with the floor of its own."""
    left, right = _by_key(before), _by_key(after)
    return [_change(left.get(key), right.get(key)) for key in left.keys() | right.keys()]


def _change(left: Site | None, right: Site | None) -> tuple[SiteChange, float]:
    sites = [one for one in (left, right) if one]
    one = sites[-1]
    before, after = (side.held_bytes if side else 0 for side in (left, right))
    buffers = max(side.bytes - side.held_bytes for side in sites)
    return SiteChange(one.function, one.file, one.package, before, after), BUFFER_SHARE * buffers


def _by_key(trace: Trace) -> Mapping[SiteKey, Site]:
    return {(one.function, one.file): one for one in trace.sites}


def _packages(before: Trace, after: Trace, floor: int) -> tuple[PackageChange, ...]:
    left, right = _by_package(before), _by_package(after)
    changes = (PackageChange(one, left[one], right[one]) for one in left.keys() | right.keys())
    told = (one for one in changes if abs(one.delta_bytes) > floor)
    return tuple(sorted(told, key=lambda one: (-one.delta_bytes, one.package)))


def _by_package(trace: Trace) -> Counter[str]:
    packages = Counter[str]()
    for site in trace.sites:
        packages[site.package] += site.held_bytes
    return packages


def _side(trace: Trace, name: str) -> DiffSide:
    return DiffSide(name, trace.revision, trace.heap_peak_bytes, sum(one.held_bytes for one in trace.sites))
