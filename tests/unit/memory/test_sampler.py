"""The sampler, on a container that is made up."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from harness.containers.container import Container, MemorySample
from harness.errors import BackendError
from harness.memory.sampler import Observer, Peaks, Sampler, raise_peaks, to_line

FIRST = MemorySample(10, 5, 7, 2, 1, 23, 0.5)
SECOND = MemorySample(4, 20, 7, 2, 1, 32, 0.75)
DEADLINE_S = 10.0


class Scripted:
    """A container whose samples come from a list, the last one again and again."""

    def __init__(self, *samples: MemorySample) -> None:
        self._samples = list(samples)
        self.exhausted = threading.Event()

    def sample(self) -> MemorySample:
        """The next sample."""
        if len(self._samples) == 1:
            self.exhausted.set()
            return self._samples[0]
        return self._samples.pop(0)


class Broken:
    """A container that cannot be sampled."""

    def sample(self) -> MemorySample:
        """Fails."""
        raise BackendError("gone")


def sampler(container: object, path: Path, observer: Callable[[], None] | None = None) -> Sampler:
    """A quick sampler that counts from 0."""
    observers = [Observer(2, observer)] if observer else []
    return Sampler(cast(Container, container), path, origin_s=0, interval_ms=1, observers=observers)


def test_a_line_has_the_fields_of_the_contract() -> None:
    """One JSON object with the seconds and every kind of memory."""
    assert json.loads(to_line(1.5, FIRST)) == {
        "t": 1.5,
        "anon_bytes": 10,
        "shmem_bytes": 5,
        "file_bytes": 7,
        "inactive_file_bytes": 2,
        "kernel_bytes": 1,
        "total_bytes": 23,
        "cpu_s": 0.5,
    }


def test_peaks_are_kept_for_each_kind() -> None:
    """The largest of each kind may come from different samples."""
    assert raise_peaks(raise_peaks(Peaks(), FIRST), SECOND) == Peaks(25, 10, 20, 1, 30, 32)


def test_it_writes_what_it_samples_and_reports(tmp_path: Path) -> None:
    """Every sample is a line, the last one is taken at the stop, and stopping twice is stopping once."""
    container = Scripted(FIRST, SECOND)
    running = sampler(container, tmp_path / "samples.jsonl")
    running.start()
    assert container.exhausted.wait(DEADLINE_S)

    report = running.stop()

    assert running.stop() == report
    assert len((tmp_path / "samples.jsonl").read_text().splitlines()) == report.samples
    assert report.peaks == Peaks(25, 10, 20, 1, 30, 32)
    assert running.latest == SECOND


def test_the_observer_is_called_between_samples(tmp_path: Path) -> None:
    """An observer is called in the sampling thread, now and then."""
    called = threading.Event()
    running = sampler(Scripted(FIRST), tmp_path / "samples.jsonl", called.set)
    running.start()

    assert called.wait(DEADLINE_S)
    running.stop()


def test_a_failure_in_the_thread_is_raised_at_the_stop(tmp_path: Path) -> None:
    """A sampler that stopped sampling never looks like one that measured."""
    running = sampler(Broken(), tmp_path / "samples.jsonl")
    running.start()

    with pytest.raises(BackendError, match="gone"):
        running.stop()


def test_a_sampler_that_never_started_can_be_stopped(tmp_path: Path) -> None:
    """Tearing down after a failed start is not a failure of its own."""
    assert sampler(Scripted(FIRST), tmp_path / "samples.jsonl").stop().samples == 0
