"""What a result holds for."""

import pytest

from harness.fingerprint import chosen


@pytest.mark.parametrize(
    ("setting", "value"),
    [("always [madvise] never\n", "madvise"), ("[always] madvise never\n", "always"), ("", "")],
    ids=["madvise", "always", "no such setting"],
)
def test_the_kernels_choice_of_huge_pages_is_what_stands_in_brackets(setting: str, value: str) -> None:
    """With huge pages the same import holds more memory, so results with and without are not compared."""
    assert chosen(setting) == value
