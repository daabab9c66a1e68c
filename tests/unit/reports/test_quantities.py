"""Figures read the same everywhere."""

import pytest

from reports.quantities import (
    format_bytes,
    format_clock,
    format_count,
    format_duration,
    format_rate,
    format_share,
    plural,
)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "unknown"),
        (0, "0 B"),
        (812, "812 B"),
        (4000, "3.9 kB"),
        (512 * 2**20, "512 MB"),
        (138_831_462, "132.4 MB"),
        (2**31, "2,048 MB"),
        (-(2**20), "-1 MB"),
    ],
)
def test_bytes(count: int | None, text: str) -> None:
    """MB is 2^20 bytes, and stays the unit above a gigabyte."""
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "unknown"),
        (0.4213, "0.42 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (11_240, "3 h 07 min"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    """No duration reads `60.0 s` or `1 min 60 s`."""
    assert format_duration(seconds) == text


def test_rates_shares_counts_and_clocks() -> None:
    """What is not known is called so, and a share of nothing is not known."""
    assert [format_rate(8012.4), format_rate(9.41, "chunks"), format_rate(None)] == [
        "8,012/s",
        "9.4 chunks/s",
        "unknown",
    ]
    assert [format_share(231, 1000), format_share(1, 0), format_share(None, 5)] == ["23.1 %", "unknown", "unknown"]
    assert [format_count(20_000), plural(1, "entry"), plural(2, "entry", "entries")] == [
        "20,000",
        "1 entry",
        "2 entries",
    ]
    assert [format_clock(42), format_clock(725), format_clock(3725)] == ["0:42", "12:05", "1:02:05"]
