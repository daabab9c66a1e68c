"""No password of a database URL is ever written down."""

import pytest

from harness.dependencies.postgres import mask_url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://u:secret@h:5432/d", "postgresql://u:***@h:5432/d"),
        ("postgresql://u:se%40c@ret@h/d?sslmode=disable", "postgresql://u:***@h/d?sslmode=disable"),
        ("postgresql://h/d?user=u&password=secret", "postgresql://h/d?user=u&password=***"),
        ("postgresql://h/d?sslpassword=secret&host=/run/pg", "postgresql://h/d?sslpassword=***&host=/run/pg"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
    ],
)
def test_passwords_are_masked(url: str, masked: str) -> None:
    """Wherever libpq reads a password from, the mask stands; the rest stays."""
    assert mask_url(url) == masked
