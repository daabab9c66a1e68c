"""A run is boiled down to a picture's width, and nothing that matters is lost on the way."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from reports.downsampling import downsample
from reports.failures import FIRST, REASONS_MOST, summarise_failures
from reports.history import COLUMNS, MARKS_MOST, load_history
from reports.observations import Failure, Sample

from . import sample_runs


def _samples(count: int, seed: int) -> list[Sample]:
    chance = random.Random(seed)  # noqa: S311
    return [Sample(place * 0.02, anon := chance.randrange(10**8), 0, 0, anon, anon + 7) for place in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 799, 800, 25_601, 60_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_downsampling_keeps_peak_and_trough(count: int, seed: int) -> None:
    """However many samples come, at most three a column stay, in order, the highest and the lowest among them."""
    samples = _samples(count, seed)
    kept = downsample(samples, 100)
    assert len(kept) <= 300
    assert list(kept) == sorted(kept)
    assert set(kept) <= set(samples)
    if samples:
        unreclaimable = [one.unreclaimable for one in samples]
        assert max(one.unreclaimable for one in kept) == max(unreclaimable)
        assert min(one.unreclaimable for one in kept) == min(unreclaimable)
        assert (kept[0].t, kept[-1].t) == pytest.approx((samples[0].t, samples[-1].t), abs=samples[-1].t / 100 + 1e-9)


def test_a_spike_of_one_sample_survives() -> None:
    """One sample of 20 ms in an hour is still drawn, whichever sample it is."""
    flat = [Sample(place * 0.02, 5, 0, 0, 5, 5) for place in range(180_000)]
    spike = _spike(flat, 123_457, 99)
    assert spike in downsample(flat)


def _spike(samples: list[Sample], place: int, count: int) -> Sample:
    samples[place] = Sample(samples[place].t, count, 0, 0, count, count)
    return samples[place]


def test_samples_of_one_moment_do_not_divide_by_zero() -> None:
    """A clock that stood still is drawn too."""
    assert len(downsample([Sample(1.0, place, 0, 0, place, place) for place in range(10)])) == 2


def test_a_killed_run_tells_when_and_how_far(tmp_path: Path) -> None:
    """The OOM kill has its progress, and the exit that it caused is not told twice."""
    sample_runs.write_run(tmp_path, sample_runs.killed(), sample_runs.KILLED)
    history = load_history(tmp_path, 19.0)
    assert [(mark.kind, mark.detail) for mark in history.marks] == [
        ("ready", ""),
        ("upload", ""),
        ("oom_kill", "at 69 %"),
    ]
    assert history.end_s == 19.0
    assert history.stages[-1].end_s == pytest.approx(history.marks[-1].t, abs=19.0 / COLUMNS)


def test_the_picture_starts_with_the_service(tmp_path: Path) -> None:
    """What was set up before the service was there takes no room, and stages keep their times."""
    lines = [{"t": 60.0, "kind": "start"}, {"t": 61.0, "kind": "stage", "stage": "embed"}, {"t": 62.0, "kind": "exit"}]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    history = load_history(tmp_path, 64.0)
    assert (history.start_s, history.end_s) == (60.0, 64.0)
    assert [(one.start_s, one.end_s) for one in history.stages] == [
        pytest.approx((61.0, 62.0), abs=4.0 / COLUMNS + 1e-9)
    ]


def test_two_imports_have_two_curves(tmp_path: Path) -> None:
    """The second import starts at 0 % again."""
    sample_runs.write_run(tmp_path, sample_runs.passing(), sample_runs.TWICE)
    first, second = load_history(tmp_path, 30.0).progress
    assert (first[-1][1], second[-1][1]) == pytest.approx((1.0, 1.0), abs=0.02)
    assert second[0][1] < 0.1


def test_a_directory_without_raw_files_has_an_empty_history(tmp_path: Path) -> None:
    """Only the result's duration is left."""
    history = load_history(tmp_path, 3.0)
    assert (history.end_s, history.samples, history.stages, history.progress, history.marks) == (3.0, (), (), (), ())
    assert load_history(tmp_path, None).end_s == 0.0


def test_stages_that_flicker_become_the_one_that_took_most(tmp_path: Path) -> None:
    """Thousands of changes are a strip of at most one a column."""
    lines = []
    for tick in range(20_000):
        lines.append(f'{{"t": {tick * 0.01}, "kind": "stage", "stage": "embed"}}\n')
        lines.append(f'{{"t": {tick * 0.01 + 0.008}, "kind": "stage", "stage": "store"}}\n')
    (tmp_path / "events.jsonl").write_text("".join(lines), encoding="utf-8")
    assert [stage.name for stage in load_history(tmp_path, 200.0).stages] == ["embed"]


def test_a_kill_loop_is_counted_not_drawn(tmp_path: Path) -> None:
    """Marks are bounded, and what was left out is told."""
    kills = "".join(f'{{"t": {place}, "kind": "oom_kill"}}\n' for place in range(500))
    (tmp_path / "events.jsonl").write_text('{"t": 0.5, "kind": "ready"}\n' + kills, encoding="utf-8")
    history = load_history(tmp_path, 500.0)
    assert len(history.marks) == MARKS_MOST + 1
    assert history.marks_left_out == 500 - MARKS_MOST


def test_failures_are_counted_by_reason_and_bounded() -> None:
    """All are counted, the first are kept, and reasons without end stand together."""
    many = summarise_failures(Failure(f"{place}.pdf", f"reason {place % 50}", "") for place in range(1000))
    assert (many.total, len(many.first), len(many.reasons)) == (1000, FIRST, REASONS_MOST + 1)
    assert many.reasons[0] == ("other", 600)


def test_the_sample_runs_are_the_same_every_time(tmp_path: Path) -> None:
    """A seed makes the same files."""
    shape = replace(sample_runs.SURVIVES, duration_s=3.0)
    one, two = (sample_runs.write_run(tmp_path / name, sample_runs.passing(), shape, failures=5) for name in "ab")
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in two.iterdir()
    }
