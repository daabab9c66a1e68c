"""docs/faults.md is held to the code: every fault and every reason is in it, and nothing that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.crash.faults.registry import FAULTS
from importer.jobs import STATUSES, why_not_resumable

ROOT = Path(__file__).resolve().parents[3]
SECTIONS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").split("\n## ")[1:]
CODES = re.compile(
    r'(?:Interrupted|ProviderError)\(\s*"(\w+)"|Ending\("\w+", "(\w+)"|"\w{5}": \("(\w+)"|return "(\w+)", f?"'
    r'|return "(provider_\w+)"|return "(rate_limited)" if rate_limited else "(\w+)"'
)
SAID_BY = ("database/outage.py", "embedding/retries.py", "pipeline.py", "runner.py", "supervisor.py")


def _rows(section: str) -> Iterator[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")]
    yield from ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])


ONCE, LASTING = (list(_rows(section)) for section in SECTIONS)


def test_every_fault_is_in_the_table_once() -> None:
    """Whoever adds a fault says what the importer makes of it."""
    named = [name for row in ONCE for name in re.findall("`([^`]+)`", row[0])]
    assert sorted(named) == sorted(one.name for one in FAULTS)


def test_the_table_uses_the_words_of_the_contract() -> None:
    """A status is one that the service tells, and a stop has a reason that the second table explains."""
    reasons = {row[2]: row[1] for row in LASTING}
    for _, status, code, _ in ONCE:
        assert status in (*STATUSES, "goes on")
        assert (status == "interrupted") == bool(code)
        assert not code or reasons[code] == status


@pytest.mark.parametrize("row", LASTING, ids=lambda row: row[2])
def test_what_is_resumable_is_so_in_the_code(row: list[str]) -> None:
    """The service decides as the table says, under the same memory limit as before."""
    _, status, code, resumable, _ = row
    refusal = why_not_resumable(status, code, 512 << 20, 512 << 20)
    assert resumable == ("yes" if refusal is None else "no")


def test_the_table_has_every_reason_that_the_code_gives() -> None:
    """A code that is told to clients is explained, and none is explained that is never told."""
    texts = [(ROOT / "importer" / name).read_text(encoding="utf-8") for name in SAID_BY]
    told = {code for text in texts for found in CODES.findall(text) for code in found if code}
    assert told == {row[2] for row in LASTING}


def test_a_larger_limit_makes_a_memory_failure_resumable() -> None:
    """As the table says of two memory kills."""
    assert why_not_resumable("failed", "memory", 512 << 20, 1024 << 20) is None
