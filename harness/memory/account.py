"""The account: one table that adds up the peak of unreclaimable memory of a traced run."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from harness.containers.container import MemorySample
from harness.memory.attribution import OverTime
from harness.memory.idle import Idle
from harness.memory.mappings import Look
from harness.memory.places import Place
from reports.observations import Sample
from reports.trace import Account, AccountRow, RowKind

NAMED_MOST = 12
"""Rows of one kind; the rest of it is one row."""
SYSTEM_LIBRARIES = "libraries of the system"


@dataclass(frozen=True, slots=True)
class Measured:
    """What the account is made of beside the heap."""

    peak: Sample
    """The sample with the most unreclaimable memory."""
    look: Look
    """The look at the mappings that was nearest to it."""
    idle: Idle


def make_account(measured: Measured, found: OverTime, place: Callable[[str], Place]) -> Account:
    """Lay it out; the heap's rows are of the peak's moment."""
    look, idle, peak = measured.look, measured.idle, measured.peak
    libraries = _libraries(look.main.libraries, idle.traced.libraries, place)
    heap = {f"{function} ({file})": count for (function, file), count in found.sites.items()}
    rows = [
        AccountRow("interpreter", "the Python interpreter", idle.bare.total),
        AccountRow("tracing", "the tracer itself (memray, loaded)", idle.traced.total - idle.bare.total),
        *_largest("imports", Counter(found.imports) + Counter(libraries), "other packages"),
        *_largest("heap", heap, "other sites"),
        AccountRow("heap", "allocations without a Python function", found.unattributed_bytes),
        AccountRow(
            "allocator",
            "what allocators add, less what was asked for and not touched; stacks of threads",
            look.main.allocated - idle.traced.allocated - found.look_bytes,
        ),
        AccountRow("children", "child processes", look.children_anon_bytes),
        AccountRow("shared", "shared memory and tmpfs", peak.shmem),
        AccountRow("kernel", "kernel: page tables, stacks, sockets", peak.kernel),
    ]
    unexplained = AccountRow("unexplained", "not explained", peak.unreclaimable - sum(row.bytes for row in rows))
    named_share = 1 - abs(unexplained.bytes) / peak.unreclaimable if peak.unreclaimable else 0.0
    return Account(peak.unreclaimable, (*rows, unexplained), tuple(_file_cache(look.sample)), round(named_share, 4))


def _libraries(now: Mapping[str, int], before: Mapping[str, int], place: Callable[[str], Place]) -> dict[str, int]:
    """Pages of libraries beyond those of the interpreter and the tracer, by package."""
    found = Counter[str]()
    for path, count in now.items():
        installed = "-packages/" in path or "/lib-dynload/" in path
        found[place(path).package if installed else SYSTEM_LIBRARIES] += count - before.get(path, 0)
    return dict(found)


def _largest(kind: RowKind, counts: Mapping[str, int], rest: str) -> Iterable[AccountRow]:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    yield from (AccountRow(kind, name, count) for name, count in ordered[:NAMED_MOST])
    if ordered[NAMED_MOST:]:
        yield AccountRow(kind, rest, sum(count for _, count in ordered[NAMED_MOST:]))


def _file_cache(sample: MemorySample) -> Iterable[AccountRow]:
    yield AccountRow("cache", "file cache, in use lately", sample.file_bytes - sample.inactive_file_bytes)
    yield AccountRow("cache", "file cache, not in use", sample.inactive_file_bytes)
    other = sample.total_bytes - sample.unreclaimable_bytes - sample.file_bytes
    yield AccountRow("cache", "kernel memory that can be reclaimed, and rounding", other)
