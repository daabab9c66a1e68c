"""The stub's settings and its rate limit."""

from typing import Any

import pytest

from harness.dependencies.provider.rate import RateLimit
from harness.dependencies.provider.settings import ProviderSettings, change


def test_change_replaces_by_name() -> None:
    """What is not named stays as it is."""
    assert change(ProviderSettings(dimensions=8), {"rate_limit": 2}) == ProviderSettings(dimensions=8, rate_limit=2)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"dimension": 8}, "dimension is not a setting"),
        ({"dimensions": "8"}, "dimensions='8'"),
        ({"dimensions": 0}, "1 to 16000"),
        ({"latency_input_ms": -1}, "latency_input_ms=-1"),
        ({"rate_limit": True}, "rate_limit=True"),
    ],
)
def test_change_refuses_by_name(changes: dict[str, Any], named: str) -> None:
    """What is unknown, of the wrong kind or out of bounds is named."""
    with pytest.raises(ValueError, match=named):
        change(ProviderSettings(), changes)


def test_no_limit_admits_everything() -> None:
    """A limit of 0 is none."""
    limit = RateLimit(0, 0)
    assert [limit.take(0) for _ in range(100)] == [0] * 100


def test_limit_admits_its_rate() -> None:
    """A second's worth is admitted at once, and one more after each interval."""
    limit = RateLimit(4, 0)
    assert [limit.take(0) for _ in range(4)] == [0] * 4
    assert limit.take(0) == pytest.approx(0.25)
    assert limit.take(0.25) == 0
    assert limit.take(0.25) > 0
