"""Traces and comparisons of traces, for tests and to look at."""

from reports.quantities import MIB
from reports.trace import (
    Account,
    AccountRow,
    Attributed,
    PackageBytes,
    StageHeap,
    TopSite,
    TraceBody,
    TraceCost,
)
from reports.trace_diff import DiffSide, PackageChange, SiteChange, TraceDiff
from tests.unit.reports.sample_runs import HOSTILE_NAME

TOP = (
    TopSite("to_floats", "importer/embedding/answers.py", 76, 72 * MIB),
    TopSite(HOSTILE_NAME, f"{HOSTILE_NAME}.py", 1, 8 * MIB),
)
ACCOUNT = Account(
    peak_bytes=160 * MIB,
    rows=(
        AccountRow("interpreter", "the Python interpreter", 5 * MIB),
        AccountRow("imports", "openai", 60 * MIB),
        AccountRow("heap", "to_floats (importer/embedding/answers.py)", 97 * MIB),
        AccountRow("allocator", "what allocators add", -4 * MIB),
        AccountRow("children", "child processes", 0),
        AccountRow("unexplained", "not explained", 2 * MIB),
    ),
    file_cache=(AccountRow("cache", "file cache, not in use", 3 * MIB),),
    named_share=0.9875,
)
TRACED = TraceBody(
    mode="cheap",
    heap_peak_bytes=150 * MIB,
    attributed_share=0.96,
    attributed=Attributed(96 * MIB, 150 * MIB, 50 * MIB),
    unattributed_bytes=MIB,
    top=TOP,
    by_package=(PackageBytes("importer", 88 * MIB), PackageBytes(HOSTILE_NAME, MIB)),
    by_stage=(StageHeap("embed", 150 * MIB, TOP),),
    account=ACCOUNT,
    cost=TraceCost(1.21, 6 * MIB, 2 * MIB),
    oom_kills=0,
)
DIFF = TraceDiff(
    before=DiffSide("20261122T100000Z-aaaaaa", "a" * 40, 60 * MIB, 50 * MIB),
    after=DiffSide(HOSTILE_NAME, "b" * 40 + "+", 80 * MIB, 68 * MIB),
    floor_bytes=MIB // 2,
    sites=(
        SiteChange("to_floats", "importer/embedding/answers.py", "importer", 0, 20 * MIB),
        SiteChange(HOSTILE_NAME, HOSTILE_NAME, "x", 3 * MIB, MIB),
    ),
    packages=(PackageChange("importer", 10 * MIB, 28 * MIB),),
    within_floor=41,
    within_floor_bytes=-812,
    notes=("The two runs differ in knobs too.",),
)
