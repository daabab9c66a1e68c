"""The stage benchmarks' own judgement."""

from typing import Any

import pytest

from tests.benchmarks.stages.judging import PEAKS, TIMES, Pass, compare, obstacles

HERE = {"binding": {"python": "3.11"}, "informing": {"cpu_model": "a CPU"}}


def _session(figure: float, fingerprint: dict[str, Any] | None = None) -> dict[str, Any]:
    stats = {"min": figure, "max": figure}
    return {"machine_info": {"fingerprint": fingerprint or HERE}, "benchmarks": [{"param": "chunking", "stats": stats}]}


@pytest.mark.parametrize(
    ("now", "grown"), [([10.0, 10.3, 9.9], False), ([15.0, 15.2, 14.9], True), ([5.0, 5.1, 5.0], False)]
)
def test_a_stage_is_slower_only_beyond_its_noise(now: list[float], grown: bool) -> None:  # noqa: FBT001
    """Half as much again is seen; sessions as they differ anyway, and a faster stage, are not told."""
    before = [_session(one) for one in (10.0, 10.2, 9.8, 10.1, 10.0)]
    (row,) = compare(TIMES, before, [_session(one) for one in now])
    assert row.grown is grown


def test_peaks_are_judged_to_a_few_kilobytes() -> None:
    """They are exact from session to session, so that even 20 kB more are seen."""
    before = [_session(600_000.0)] * 5
    (same,) = compare(PEAKS, before, [_session(600_000.0)] * 3)
    (more,) = compare(PEAKS, before, [_session(620_000.0)] * 3)
    assert not same.grown
    assert more.grown


@pytest.mark.parametrize(("part", "compared"), [(TIMES, False), (PEAKS, True)])
def test_times_of_another_processor_are_not_compared(part: Pass, compared: bool) -> None:  # noqa: FBT001
    """Informing differences forbid a comparison of times, and only of times; the difference is named."""
    other = {"binding": {"python": "3.11"}, "informing": {"cpu_model": "another"}}
    found = obstacles(part, [_session(1.0)], [_session(1.0, other)])
    assert found == (() if compared else ("cpu_model: a CPU before, another now",))


def test_peaks_of_another_python_are_not_compared() -> None:
    """Binding differences forbid both."""
    other = {"binding": {"python": "3.12"}, "informing": {"cpu_model": "a CPU"}}
    assert obstacles(PEAKS, [_session(1.0)], [_session(1.0, other)]) == ("python: 3.11 before, 3.12 now",)
    assert obstacles(PEAKS, [], [_session(1.0)]) == ("nothing is recorded",)
