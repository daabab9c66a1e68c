"""The account adds up to the peak, whatever it is made of."""

from dataclasses import replace

import pytest

from harness.containers.container import MemorySample
from harness.memory.account import NAMED_MOST, Measured, make_account
from harness.memory.attribution import OverTime
from harness.memory.idle import Idle
from harness.memory.mappings import Look, Mapped
from reports.observations import Sample
from reports.trace import Account
from tests.unit.memory.made_up_stacks import SITE, place

LIBC, CODE = "/usr/lib/libc.so.6", f"{SITE}/orjson/orjson.so"
IDLE = Idle("3.11.7", "1.20.0", Mapped(4000, 100, {LIBC: 50}), Mapped(7000, 100, {LIBC: 60}), None)
LOOK = Look(
    9.5,
    MemorySample(30_000, 500, 900, 300, 700, 32_500, 1.0),
    Mapped(27_500, 120, {LIBC: 65, CODE: 40}),
    children_anon_bytes=2_000,
)
FOUND = OverTime(
    held_bytes={},
    packages={},
    early_bytes=0,
    stages=(),
    imports={"openai": 9_000, "orjson": 100},
    sites={("decode", "app/answers.py"): 8_000, ("read", "app/read.py"): 2_000},
    unattributed_bytes=300,
    look_bytes=19_000,
)
PEAK = Sample(9.6, 30_600, 500, 700, 31_800, 33_000)


def _account(found: OverTime = FOUND, peak: Sample = PEAK) -> Account:
    return make_account(Measured(peak, LOOK, IDLE), found, place)


def _sum(account: Account, kind: str) -> int:
    return sum(row.bytes for row in account.rows if row.kind == kind)


def test_the_rows_add_up_to_the_peak() -> None:
    """What is not explained is a row of its own, the last one, and the share says how much the others explain."""
    account = _account()
    assert sum(row.bytes for row in account.rows) == account.peak_bytes == 31_800
    assert account.rows[-1].kind == "unexplained"
    assert account.named_share == pytest.approx(1 - abs(account.rows[-1].bytes) / 31_800, abs=1e-4)


def test_each_part_is_counted_once() -> None:
    """The interpreter without the tracer, imports with the pages of their libraries, what allocators add."""
    account = _account()
    assert _sum(account, "interpreter") == 4_150
    assert _sum(account, "tracing") == 7_160 - 4_150
    assert {row.name: row.bytes for row in account.rows if row.kind == "imports"} == {
        "openai": 9_000,
        "orjson": 140,
        "libraries of the system": 5,
    }
    assert _sum(account, "heap") == 10_300
    assert _sum(account, "allocator") == 27_500 - 7_000 - 19_000
    assert (_sum(account, "children"), _sum(account, "shared"), _sum(account, "kernel")) == (2_000, 500, 700)


def test_many_sites_become_one_row() -> None:
    """The largest are named; the rest is one row, and nothing is lost."""
    sites = {(f"f{number}", "app/a.py"): 10 + number for number in range(NAMED_MOST + 30)}
    account = _account(replace(FOUND, sites=sites))
    rows = [row for row in account.rows if row.kind == "heap"]
    assert len(rows) == NAMED_MOST + 2
    assert sum(row.bytes for row in rows) == sum(sites.values()) + 300
    assert sum(row.bytes for row in account.rows) == account.peak_bytes


def test_file_cache_stands_apart() -> None:
    """It is charged, and can be taken back: no row of the peak has it."""
    account = _account()
    assert sum(row.bytes for row in account.file_cache) == 32_500 - (30_000 + 500 + 700)
    assert all(row.kind == "cache" for row in account.file_cache)


def test_rows_that_explain_too_much_are_not_a_good_account() -> None:
    """A sum above the peak lowers the named share as much as one below it."""
    over, under = (_account(peak=PEAK._replace(unreclaimable=PEAK.unreclaimable + by)) for by in (-4_000, 4_000))
    assert over.rows[-1].bytes < 0 < under.rows[-1].bytes
    assert over.named_share < 0.9
    assert under.named_share < 1
