"""Early stopping: a plateau is seen where there is one, and never while a service holds or grows."""

from collections.abc import Callable

import pytest

from harness.sweep.plateau import Look, Watch, is_plateau, project
from reports.progress import Progress

TOTAL = 400


def _looks(peak: Callable[[float], float], done: Callable[[float], float], end_s: float) -> list[Look]:
    """A look every tenth of a second: MB and documents of 8 chunks as functions of time."""
    times = [place / 10 for place in range(int(end_s * 10))]
    looks = []
    most = 0.0
    for t in times:
        most = max(most, peak(t))
        documents = min(TOTAL, int(max(0.0, done(t))))
        looks.append(Look(t, 8 * documents, int(most * 2**20), documents / TOTAL))
    return looks


def _stops_at(looks: list[Look]) -> float | None:
    return next((looks[: n + 1][-1].t for n in range(len(looks)) if is_plateau(looks[: n + 1])), None)


def test_a_steady_import_is_stopped_soon() -> None:
    """Memory that no longer rises and steady commits: it takes a few seconds to know that."""
    stop = _stops_at(_looks(lambda t: 90 if t > 1 else 60, lambda t: 30 * (t - 0.5), 13))
    assert stop is not None
    assert 2.0 < stop < 5.0


@pytest.mark.parametrize(
    ("name", "peak", "done"),
    [
        ("growing", lambda t: 60 + 3 * t, lambda t: 30 * t),
        ("holding until its end", lambda t: 60 + 20 * t, lambda t: 400 * (t > 12)),
        ("committing now and then", lambda _: 90, lambda t: 100 * (t // 4)),
        ("getting faster", lambda _: 90, lambda t: 2 * t * t),
        ("too short", lambda _: 90, lambda t: 300 * t),
    ],
)
def test_no_plateau(name: str, peak: Callable[[float], float], done: Callable[[float], float]) -> None:
    """What rises, what holds everything, what commits rarely or unsteadily is run to its end."""
    assert _stops_at(_looks(peak, done, 13)) is None, name


def test_a_late_step_is_seen_when_it_comes_before_the_plateau_is_established() -> None:
    """A step of memory starts the wait again."""
    early = _stops_at(_looks(lambda _: 80, lambda t: 20 * t, 18))
    late = _stops_at(_looks(lambda t: 80 if t < 2 else 95, lambda t: 20 * t, 18))
    assert early is not None
    assert late is not None
    assert late > early
    assert late >= 3.5


def test_the_whole_import_is_projected_from_the_steady_part() -> None:
    """The start counts once: a stopped import and a whole one have the same rate."""
    projected = project(_looks(lambda _: 90, lambda t: 30 * (t - 1.0), 5))
    assert projected is not None
    assert projected.import_s == pytest.approx(1.0 + TOTAL / 30, rel=0.03)
    assert projected.chunks_per_s == pytest.approx(8 * TOTAL / projected.import_s, rel=0.03)
    assert project([]) is None


def test_documents_that_lag_behind_their_chunks_do_not_change_the_projection() -> None:
    """Chunks come steadily, 100 a second; documents are only done in leaps, when a window of 100 of them is."""

    def look(tenth: int) -> Look:
        t = tenth / 10
        done = int(100 * max(0.0, t - 1.0))
        return Look(t, done, 90, 100 * (done // 800) / TOTAL)

    for seconds in (10, 12, 14, 17):
        projected = project([look(tenth) for tenth in range(10 * seconds)])
        assert projected is not None
        assert projected.chunks_per_s == pytest.approx(8 * TOTAL / 33.0, rel=0.05)
        assert projected.import_s == pytest.approx(33.0, rel=0.05)


def test_a_watch_remembers_where_the_plateau_was() -> None:
    """What is seen afterwards does not move it."""
    watch = Watch()
    for tenth in range(120):
        t = tenth / 10
        documents = min(TOTAL, int(30 * t))
        watch.see(
            Progress("import", t, documents_done=documents, documents_total=TOTAL, chunks=8 * documents, peak_bytes=90)
        )
    assert watch.reached is not None
    assert watch.reached.t < 5
