"""Thresholds: what can be written, what is refused before a run, and how each is judged."""

from dataclasses import replace

import pytest

from harness.errors import ScenarioError
from harness.load.judged_thresholds import judge_threshold
from harness.load.memory import MemorySeen
from harness.load.seen import LoadSeen
from harness.load.slope import Slope
from harness.load.thresholds import Threshold, check_names, parse_thresholds
from reports.load_body import ThresholdResult
from tests.unit.load.sample_loads import MIB, plan, requests, seen

MB_PER_HOUR = float(MIB)


def _one(text: str) -> Threshold:
    return parse_thresholds([text], "here")[0]


@pytest.mark.parametrize(
    ("text", "scope", "stage", "metric", "limit", "unit"),
    [
        ("search.p95 < 500ms", "search", None, "p95", 0.5, "s"),
        ("upload.errors < 0.1%", "upload", None, "errors", 0.001, "share"),
        ("memory.peak < 65%", "memory", None, "peak", 0.65, "share of the limit"),
        ("memory.peak<330MB", "memory", None, "peak", 330.0 * MIB, "bytes"),
        ("memory.slope < 20MB/h", "memory", None, "slope", 20.0 * MIB, "bytes/h"),
        ("memory.minutes > 120", "memory", None, "minutes", 120.0, "min"),
        ("search.p99.9 <= 2s", "search", None, "p99.9", 2.0, "s"),
        ("search@spike.median < 1s", "search", "spike", "median", 1.0, "s"),
        ("/api/v1.0/search.p50 < 1s", "/api/v1.0/search", None, "p50", 1.0, "s"),
        ("all.rate >= 12.5/s", "all", None, "rate", 12.5, "1/s"),
    ],
)
def test_what_a_scenario_writes_is_read(
    text: str, scope: str, stage: str | None, metric: str, limit: float, unit: str
) -> None:
    """Name, stage, figure, limit and unit of each form."""
    one = _one(text)
    assert (one.scope, one.stage, one.metric, one.unit) == (scope, stage, metric, unit)
    assert one.limit == pytest.approx(limit)


@pytest.mark.parametrize(
    "text",
    ["search", "search.p95", "search.p95 500ms", "search.fast < 1s", "memory.rss < 1MB", "search.p95 < 500",
     "upload.errors < 0.1", "memory.slope < 20MB", "memory@hold.peak < 1MB", "search.p95 < soon", ""],
)  # fmt: skip
def test_what_is_not_a_threshold_is_refused(text: str) -> None:
    """A sentence that says where it stands, and never a guess."""
    with pytest.raises(ScenarioError, match="here"):
        parse_thresholds([text], "here")


def test_a_typo_in_a_name_is_refused_with_the_nearest_name() -> None:
    """Nobody finds out after an hour that a threshold was about nothing."""
    with pytest.raises(ScenarioError, match="did you mean search"):
        check_names(parse_thresholds(["serch.p95 < 1s"], "x"), ["search", "upload"], ["hold"], "x")
    with pytest.raises(ScenarioError, match="stage that there is not"):
        check_names(parse_thresholds(["search@spik.p95 < 1s"], "x"), ["search"], ["spike"], "x")
    check_names(parse_thresholds(["all.errors < 1%", "memory.peak < 1MB"], "x"), ["search"], [], "x")


def _judged(text: str, run: LoadSeen) -> ThresholdResult:
    return judge_threshold(_one(text), run)


def test_percentiles_are_exact_and_by_nearest_rank() -> None:
    """Of a hundred requests p95 is the 95th, not an interpolation and not rounded."""
    run = seen(plan(), requests("search", [place / 1000 for place in range(1, 101)]))
    assert _judged("search.p95 < 500ms", run).measured == pytest.approx(0.095)
    assert _judged("search.p95 < 95ms", run).verdict == "FAIL"
    assert _judged("search.p95 <= 95ms", run).verdict == "PASS"


def test_a_failed_request_is_slower_than_any_answer() -> None:
    """A service that fails fast does not pass a percentile by it."""
    run = seen(plan(), [*requests("search", [0.01] * 90), *requests("search", [0.001] * 10, "ConnectionRefused")])
    judged = _judged("search.p95 < 500ms", run)
    assert (judged.verdict, judged.measured) == ("FAIL", None)
    assert _judged("search.p90 < 500ms", run).verdict == "PASS"


def test_too_few_samples_are_no_pass() -> None:
    """A percentile needs enough requests not to be the slowest one, and a share at least the minimum."""
    run = seen(plan(), requests("search", [0.01] * 19))
    assert _judged("search.p95 < 500ms", run).verdict == "INVALID"
    assert _judged("search.errors < 1%", run).verdict == "INVALID"
    enough = seen(plan(), requests("search", [0.01] * 99))
    assert _judged("search.p95 < 500ms", enough).verdict == "PASS"
    assert _judged("search.p99 < 500ms", enough).verdict == "INVALID"
    assert _judged("upload.p50 < 500ms", enough).verdict == "INVALID"


def test_a_warm_up_is_not_counted() -> None:
    """Its slow requests are in the rows and in no figure."""
    run = seen(plan(), [*requests("search", [0.01] * 50), *requests("search", [9.0] * 50, stage=0)])
    assert _judged("search.max < 100ms", run).verdict == "PASS"


def _memory(slope: Slope | None = None, **levels: int | None) -> LoadSeen:
    told = {"before_bytes": 50 * MIB, "peak_bytes": 200 * MIB, "left_bytes": 60 * MIB, **levels}
    return replace(seen(plan(), []), memory=MemorySeen("samples", 100, **told, slope=slope, in_flight_most=10))


def test_memory_that_was_not_seen_for_a_while_may_have_been_more() -> None:
    """So what held is not known, and what was missed stays missed."""
    run = replace(_memory(), unread="the metrics could not be read for 40 s")
    assert _judged("memory.peak < 65%", run).verdict == "INVALID"
    assert "40 s" in _judged("memory.peak < 65%", run).detail
    assert _judged("memory.peak < 30%", run).verdict == "FAIL"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("memory.peak < 65%", "PASS"), ("memory.peak < 30%", "FAIL"), ("memory.peak < 150MB", "FAIL"),
     ("memory.left < 20MB", "PASS"), ("memory.left < 5MB", "FAIL"), ("memory.per_request < 16MB", "PASS"),
     ("memory.per_request < 14MB", "FAIL")],
)  # fmt: skip
def test_levels_of_memory(text: str, verdict: str) -> None:
    """The peak by share or size, what stays beyond what was there before, and what each request took."""
    assert _judged(text, _memory()).verdict == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-5, 10, "PASS"), (-50, 90, "INVALID"), (21, 22, "FAIL"), (21, 400, "FAIL"), (15, 25, "FAIL"), (0, 19, "PASS")],
)
def test_a_slope_holds_by_the_upper_end_of_its_interval(low: float, high: float, verdict: str) -> None:
    """Wider than the limit tells nothing, unless even its lower end is beyond it."""
    slope = Slope((low + high) / 2 * MB_PER_HOUR, low * MB_PER_HOUR, high * MB_PER_HOUR, 60.0, 100.0 * MIB)
    assert _judged("memory.slope < 20MB/h", _memory(slope)).verdict == verdict


def test_minutes_to_the_limit_count_the_worst_slope() -> None:
    """At 60 MB an hour at worst, 412 MB take 412 minutes."""
    run = _memory(Slope(30.0 * MIB, 10.0 * MIB, 60.0 * MIB, 60.0, 100.0 * MIB))
    judged = _judged("memory.minutes > 400", run)
    assert judged.verdict == "PASS"
    assert judged.measured == pytest.approx(412.0)
    assert _judged("memory.minutes > 500", run).verdict == "FAIL"


def test_memory_that_nobody_sampled_is_no_pass() -> None:
    """Neither a peak nor a slope."""
    for text in ("memory.peak < 65%", "memory.slope < 20MB/h", "memory.minutes > 1"):
        assert _judged(text, seen(plan(), [])).verdict == "INVALID"
