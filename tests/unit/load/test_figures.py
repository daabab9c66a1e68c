"""Figures from rows: percentiles, concurrency, slopes of memory, and reading the raw file."""

import json
import random
from pathlib import Path

import pytest

from harness.load.figures import most_in_flight, needed_samples, spread
from harness.load.live import Breaches, Pace, RowTail
from harness.load.memory import plateau_of
from harness.load.rows import Request, RunClock, StageSeen, read_rows
from harness.load.slope import slope_of
from harness.load.thresholds import parse_thresholds
from reports.observations import Sample
from tests.unit.load.sample_loads import MIB, requests, samples

HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("percent", "rank"), [("50", 50), ("95", 95), ("99", 99), ("99.9", 100), ("1", 1), ("0", 1), ("28.5", 29)]
)
def test_a_percentile_is_the_nearest_rank(percent: str, rank: int) -> None:
    """Of 100 values p99.9 is the highest, and no float rounds a rank up by accident."""
    found = spread(requests("a", [float(place) for place in range(1, 101)]), 1.0)
    assert found.quantile(percent) == rank


def test_how_many_samples_a_percentile_needs() -> None:
    """Enough that it is not simply the slowest, and never below the minimum."""
    assert [needed_samples(one, 20) for one in ("50", "95", "99", "99.9", None)] == [20, 20, 100, 1000, 20]


def test_requests_in_flight() -> None:
    """Requests that end when others begin are not together, and a whole import is no request."""
    made = [Request(start, "a", 1.0, 0, None, 0, 0) for start in (0.0, 0.5, 1.0, 1.6)]
    assert most_in_flight([*made, Request(0.0, "import", 9.0, 0, None, 0, 0)]) == 2
    assert most_in_flight([]) == 0


def test_a_steady_growth_is_found_whatever_the_noise() -> None:
    """100 kB a second are 351 MB an hour; noise and spikes of 30 MB do not move it out of its interval."""
    rng = random.Random(1)  # noqa: S311
    noisy = [
        one._replace(
            unreclaimable=one.unreclaimable + int(rng.gauss(0, MIB / 4)) + (30 * MIB if rng.random() < 0.02 else 0)
        )
        for one in samples(120.0, 100.0 * MIB, 100_000.0)
    ]
    slope = slope_of(noisy)
    assert slope is not None
    expected = 100_000.0 * HOUR_S
    assert slope.bytes_per_hour == pytest.approx(expected, rel=0.1)
    assert slope.low < expected < slope.high
    assert slope.minutes_to(512.0 * MIB, slope.bytes_per_hour) == pytest.approx(68.0, rel=0.1)


def test_flat_memory_has_no_slope_and_never_reaches_the_limit() -> None:
    """The interval holds zero."""
    rng = random.Random(2)  # noqa: S311
    flat = [one._replace(unreclaimable=one.unreclaimable + int(rng.gauss(0, MIB / 10))) for one in samples(300.0, 1e8)]
    slope = slope_of(flat)
    assert slope is not None
    assert slope.low <= 0 <= slope.high
    assert slope.minutes_to(5e8, 0.0) is None


def test_a_longer_stage_makes_the_interval_narrower() -> None:
    """That is what the report advises, so it has to be true."""
    rng = random.Random(3)  # noqa: S311

    def width(seconds: float) -> float:
        noisy = [
            one._replace(unreclaimable=one.unreclaimable + int(rng.gauss(0, MIB)))
            for one in samples(seconds, 1e8, every_s=0.25)
        ]
        slope = slope_of(noisy)
        return slope.high - slope.low if slope else float("inf")

    assert width(30.0) > 3 * width(240.0)


def test_too_short_a_time_has_no_slope() -> None:
    """Ten seconds tell nothing, and neither does nothing."""
    assert slope_of(samples(10.0, 1e8)) is None
    empty: list[Sample] = []
    assert slope_of(empty) is None


def test_the_plateau_is_the_longest_time_without_a_restart() -> None:
    """A kill in the middle leaves the longer side."""
    stages = [StageSeen(0, "a", 5, 0.0, 10.0), StageSeen(1, "b", 5, 12.0, 60.0), StageSeen(2, "c", 5, 61.0, None)]
    assert plateau_of(stages, []) == (12.0, 60.0)
    assert plateau_of(stages, [(20.0, 22.0)]) == (22.0, 60.0)
    assert plateau_of([], []) is None


def test_rows_of_this_and_of_another_machine_come_onto_one_clock(tmp_path: Path) -> None:
    """Here the machine's own clock serves; from elsewhere Unix time does. A cut-off last line is left out."""
    path = tmp_path / "rows.jsonl"
    lines = [
        {"kind": "hello", "m": 100.0, "t": 1000.0, "worker": 0, "boot": "here"},
        {"kind": "hello", "m": 7.0, "t": 1000.0, "worker": 1, "boot": "there"},
        _request(m=105.0, t=1005.5, worker=0),
        _request(m=11.0, t=1006.0, worker=1),
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines) + '{"kind": "request", "m": 1')
    rows = read_rows(path, RunClock(100.0, 1000.0, "here"))
    assert [one.start_s for one in rows.requests] == [pytest.approx(5.0), pytest.approx(6.0)]


def _request(m: float, t: float, worker: int) -> dict[str, object]:
    return {"kind": "request", "m": m, "t": t, "worker": worker, "name": "a", "ms": 5.0, "bytes": 1, "error": None,
            "stage": 0}  # fmt: skip


def test_new_rows_are_read_whole_as_they_come(tmp_path: Path) -> None:
    """A row that is half written is read once it is whole, and none twice."""
    path = tmp_path / "rows.jsonl"
    tail = RowTail(path)
    assert tail.read() == []
    path.write_text('{"kind": "a", "m": 1}\n{"kind": "b"')
    assert [one["kind"] for one in tail.read()] == ["a"]
    with path.open("a") as file:
        file.write(', "m": 2}\n')
    assert [one["kind"] for one in tail.read()] == ["b"]


def test_a_breach_that_lasts_is_told_and_one_that_ends_is_not() -> None:
    """Ten slow seconds on end, and not five and five with a good one between."""
    breaches = Breaches(parse_thresholds(["search.p95 < 100ms"], "x"), 10.0, None)
    told = []
    for second in range(40):
        slow = second < 5 or second > 15
        seconds = 0.5 if slow else 0.01
        breaches.add([Request(second + place / 10, "search", seconds, 0, None, 1, 0) for place in range(10)])
        told.append(breaches.lasting(float(second), "hold", None))
    first = next(second for second, text in enumerate(told) if text)
    assert 25 <= first <= 28


def test_memory_over_its_peak_is_a_breach() -> None:
    """By share of the limit."""
    breaches = Breaches(parse_thresholds(["memory.peak < 50%"], "x"), 1.0, 100)
    assert breaches.lasting(0.0, "hold", 60) is None
    assert breaches.lasting(1.5, "hold", 60) == "memory.peak < 50%"
    assert breaches.lasting(2.0, "hold", 40) is None


def test_the_pace_is_that_of_the_last_ten_seconds() -> None:
    """A burst of a second is none, and a quiet beginning does not hide what comes then."""
    pace = Pace()
    assert pace.per_s(1.0, 50) == 5.0
    for second in range(2, 31):
        pace.per_s(float(second), 50)
    for second in range(31, 41):
        rate = pace.per_s(float(second), 50 + 20 * (second - 30))
    assert rate == 20.0


def test_a_load_lasts_from_its_first_request() -> None:
    """The start of the generator, before any user, is no load."""
    pace = Pace()
    pace.per_s(3.0, 0)
    assert pace.loaded_s(4.0) == 0.0
    pace.per_s(5.0, 1)
    assert pace.loaded_s(9.0) == 4.0
