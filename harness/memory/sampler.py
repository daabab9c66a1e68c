"""Samples a container from outside, in a thread, into a file with one JSON object a line."""

import threading
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from harness.containers.container import Container, MemorySample

INTERVAL_MS = 50.0
"""Between two samples of a run: a sample takes 0.3 ms of CPU time, most of it for waking up with cold caches."""
_FLUSH_INTERVAL_S = 1.0
_LATE_FACTOR = 2.0
_NOTHING = MemorySample(0, 0, 0, 0, 0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Peaks:
    """The largest value of each kind in any sample; not of one moment."""

    unreclaimable_bytes: int = 0
    anon_bytes: int = 0
    shmem_bytes: int = 0
    kernel_bytes: int = 0
    working_set_bytes: int = 0
    total_bytes: int = 0


@dataclass(frozen=True, slots=True)
class SamplingReport:
    """How well it was sampled: `late_samples` came after more than twice the interval that was asked for."""

    samples: int
    peaks: Peaks
    interval_p50_ms: float
    interval_p99_ms: float
    late_samples: int
    cpu_s: float
    span_s: float
    """From the first sample to the last."""


@dataclass(frozen=True, slots=True)
class Observer:
    """What else is looked at now and then, in the sampling thread."""

    every: int
    """Samples between two looks."""
    look: Callable[[], None]


class Sampler:
    """Measures `container` every `interval_ms`; `t` of a sample is the clock's seconds since `origin_s`."""

    def __init__(
        self,
        container: Container,
        samples_path: Path,
        *,
        origin_s: float,
        interval_ms: float,
        clock: Callable[[], float] = time.monotonic,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._container = container
        self._path = samples_path
        self._origin_s = origin_s
        self._interval_s = interval_ms / 1000
        self._clock = clock
        self._observers = observers
        # A lock: to wait for an event is ten calls more, twenty times a second.
        self._until_stopped = threading.Lock()
        self._until_stopped.acquire()
        self._times = array("d")
        self._latest = _NOTHING
        self._peaks = Peaks()
        self._cpu_s = 0.0
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    @property
    def latest(self) -> MemorySample:
        """The last sample."""
        return self._latest

    @property
    def peaks(self) -> Peaks:
        """The largest values until now."""
        return self._peaks

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> SamplingReport:
        """Take a last sample and end; raises what went wrong in the thread. May be called again."""
        if self._until_stopped.locked():
            self._until_stopped.release()
        if self._thread.ident is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._report()

    def _run(self) -> None:
        try:
            with self._path.open("a", encoding="ascii") as file:
                self._sample_until_stopped(file)
        except BaseException as error:  # stop() raises it where somebody listens
            self._failure = error
        self._cpu_s = time.thread_time()

    def _sample_until_stopped(self, file: TextIO) -> None:
        due_s = flushed_s = self._clock()
        stopping = False
        while True:
            now_s = self._clock()
            self._take(now_s, file)
            if now_s - flushed_s >= _FLUSH_INTERVAL_S:
                file.flush()
                flushed_s = now_s
            if stopping:
                return
            # A sample that came late is not made up for by several at once.
            due_s = max(due_s + self._interval_s, now_s)
            stopping = self._until_stopped.acquire(timeout=max(due_s - self._clock(), 0))

    def _take(self, now_s: float, file: TextIO) -> None:
        sample = self._container.sample()
        self._latest = sample
        self._peaks = raise_peaks(self._peaks, sample)
        self._times.append(now_s)
        file.write(to_line(now_s - self._origin_s, sample))
        for one in self._observers:
            if len(self._times) % one.every == 0:
                one.look()

    def _report(self) -> SamplingReport:
        intervals = sorted(after - before for before, after in zip(self._times, self._times[1:], strict=False))
        late = sum(one > _LATE_FACTOR * self._interval_s for one in intervals)
        p50_ms, p99_ms = (_quantile(intervals, share) * 1000 for share in (0.5, 0.99))
        span_s = self._times[-1] - self._times[0] if self._times else 0.0
        return SamplingReport(len(self._times), self._peaks, p50_ms, p99_ms, late, self._cpu_s, span_s)


def to_line(t: float, sample: MemorySample) -> str:
    """One sample as its line of `samples.jsonl`."""
    return (
        f'{{"t":{t:.4f},"anon_bytes":{sample.anon_bytes},"shmem_bytes":{sample.shmem_bytes},'
        f'"file_bytes":{sample.file_bytes},"inactive_file_bytes":{sample.inactive_file_bytes},'
        f'"kernel_bytes":{sample.kernel_bytes},"total_bytes":{sample.total_bytes},"cpu_s":{sample.cpu_s:.4f}}}\n'
    )


def raise_peaks(peaks: Peaks, sample: MemorySample) -> Peaks:
    """The peaks with one more sample."""
    if (
        sample.total_bytes <= peaks.total_bytes
        and sample.unreclaimable_bytes <= peaks.unreclaimable_bytes
        and sample.anon_bytes <= peaks.anon_bytes
        and sample.shmem_bytes <= peaks.shmem_bytes
        and sample.kernel_bytes <= peaks.kernel_bytes
        and sample.working_set_bytes <= peaks.working_set_bytes
    ):
        return peaks
    return Peaks(
        max(peaks.unreclaimable_bytes, sample.unreclaimable_bytes),
        max(peaks.anon_bytes, sample.anon_bytes),
        max(peaks.shmem_bytes, sample.shmem_bytes),
        max(peaks.kernel_bytes, sample.kernel_bytes),
        max(peaks.working_set_bytes, sample.working_set_bytes),
        max(peaks.total_bytes, sample.total_bytes),
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
