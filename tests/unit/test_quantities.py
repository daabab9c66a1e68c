"""Sizes, budgets and times as people write them."""

import pytest

from harness.errors import ScenarioError
from harness.quantities import parse_budget, parse_bytes, parse_seconds


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("512MB", 512 * 2**20), ("1.5 GB", 1536 * 2**20), ("1048576", 2**20), ("64kib", 64 * 2**10)],
)
def test_sizes_are_powers_of_two(text: str, size_bytes: int) -> None:
    """MB is 2^20 bytes, as for the kernel and Docker."""
    assert parse_bytes(text, "limit") == size_bytes


@pytest.mark.parametrize("text", ["", "512 potatoes", "-1MB", "0MB", "MB", "1e9"])
def test_a_size_that_is_none_is_refused_by_name(text: str) -> None:
    """The error says which setting it was."""
    with pytest.raises(ScenarioError, match="limit"):
        parse_bytes(text, "limit")


def test_a_budget_is_a_share_or_a_size_within_the_limit() -> None:
    """65% and a size both count; more than the limit is refused."""
    assert parse_budget("65%", 1000, "budget") == 650
    assert parse_budget("100MB", 512 * 2**20, "budget") == 100 * 2**20
    for wrong in ("101%", "0%", "513MB"):
        with pytest.raises(ScenarioError, match="budget"):
            parse_budget(wrong, 512 * 2**20, "budget")


def test_times_have_a_unit() -> None:
    """10m is 600 seconds; a bare number is refused."""
    assert parse_seconds("10m", "timeout") == 600
    assert parse_seconds("500ms", "timeout") == 0.5
    with pytest.raises(ScenarioError, match="timeout"):
        parse_seconds("10", "timeout")
