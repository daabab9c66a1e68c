"""What a load result says in words, and two of them beside each other."""

from dataclasses import replace

import pytest

from reports.errors import ResultError
from reports.load_body import LoadBody, LoadMemory, LoadStage, RequestFigures, ThresholdResult
from reports.load_diff import diff_loads, load_diff_rows, render_load_diff
from reports.load_wording import load_reasons, slope_note
from reports.result import LoadResult, Verdict
from tests.unit.reports.sample_runs import passing

MIB = 2**20


def _loaded(body: LoadBody, **binding: str) -> LoadResult:
    head = passing().header
    fingerprint = replace(head.fingerprint, binding={**head.fingerprint.binding, **binding})
    return LoadResult(replace(head, verdict=Verdict.PASS, reasons=(), fingerprint=fingerprint), body)


def _steps(broke_at: str | None) -> LoadBody:
    stages = (
        LoadStage("warm-up", 99, counted=False, begin_s=0.0, end_s=1.0),
        LoadStage("10 users", 10, counted=True, begin_s=1.0, end_s=6.0),
        LoadStage("20 users", 20, counted=broke_at is None, begin_s=6.0, end_s=11.0),
        LoadStage("30 users", 30, counted=broke_at is None, begin_s=None, end_s=None),
    )
    return LoadBody(shape="break", stages=stages, broke_at=broke_at, users_peak=99)


def test_a_load_that_broke_says_where_and_what_it_held_until_then() -> None:
    """Never that it held under the users that it broke with."""
    held, broke = load_reasons(_loaded(_steps("20 users")))
    assert "no threshold to miss under 10 users" in held
    assert broke == "With 20 users a threshold was missed, and the load ended."


def test_a_load_that_never_broke_says_that_it_may_hold_more() -> None:
    """The break was not found."""
    threshold = ThresholdResult("search.p95", "<", 0.5, "s", 0.1, "PASS", 100)
    held, more = load_reasons(_loaded(replace(_steps(None), thresholds=(threshold,))))
    assert "1 threshold held under 20 users" in held
    assert "may hold more" in more


def test_a_slope_says_over_how_long_it_is_known() -> None:
    """What a service takes in its first half minute says little about its hours."""
    memory = LoadMemory(slope_bytes_per_hour=MIB, slope_interval=(0, 2 * MIB), slope_over_s=24.0, minutes_to_limit=18.0)
    assert slope_note(memory) == "over 24.0 s: 0 B/h to 2 MB/h; at that the limit is 18 min away"


def _figures(p95_s: float | None, errors: int = 0) -> LoadBody:
    search = RequestFigures("search", None, 100, errors, 0.1, p95_s, None, 0.9, 5.0)
    return LoadBody(by_request=(search,), memory=LoadMemory(peak_bytes=100 * MIB), rate_achieved_per_s=5.0)


def test_two_loads_stand_beside_each_other_with_what_changed() -> None:
    """In the terminal and in Markdown; what nobody knows is left out, and nothing is divided by nothing."""
    diff = diff_loads(_loaded(_figures(0.2)), _loaded(_figures(0.3, errors=1)))
    rows = {row[0]: row[1:] for row in load_diff_rows(diff)}
    assert rows["search.p95"] == ("200 ms", "300 ms", "+50.0 %")
    assert rows["search.errors"] == ("0 %", "1 %", "from nothing")
    assert rows["memory.peak"][2] == "+0.0 %"
    assert "search.p99" not in rows
    assert "200 ms" in render_load_diff(diff)


def test_loads_of_different_fingerprints_are_refused_with_what_differs() -> None:
    """Also where they differ far behind the beginning of a long text."""
    long = "smoke: warm-up=24x10s hold=24x25s; import*1 1-3 documents mixed think 1s-3s search*5 think 1s-"
    one, other = _loaded(_figures(0.2), load=f"{long}3s"), _loaded(_figures(0.2), load=f"{long}9s")
    with pytest.raises(ResultError, match=r"1s-9s.*1s-3s"):
        diff_loads(one, other)
    with pytest.raises(ResultError, match="provider is 'slow', and was 'unknown'"):
        diff_loads(one, _loaded(_figures(0.2), load=f"{long}3s", provider="slow"))
