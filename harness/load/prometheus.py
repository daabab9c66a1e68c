"""Memory of a service as its Prometheus text tells it, polled into samples like those of a container of ours."""

import json
import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Series

from harness.errors import HalfgigError
from harness.load.staging_plan import Metrics

_UNREAD_MOST_S = 5.0
_UNREAD_MOST = 3
"""Readings in a row that may fail before what was read beside them says nothing."""


class UnclearMetricsError(Exception):
    """The text does not say one thing: which is never guessed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the text told at one moment; over all replicas."""

    memory_bytes: float
    limit_bytes: float | None
    billed: float | None
    replicas: int


def read_text(text: str, wanted: Metrics) -> Reading:
    """Find the mapped metrics; UnclearMetricsError where one is missing, or is there twice and nobody tells which."""
    try:
        series = [one for family in text_string_to_metric_families(text) for one in family.samples]
    except ValueError as error:
        raise UnclearMetricsError(f"the metrics are not Prometheus text: {error}") from None
    memory = _chosen(series, wanted.memory, wanted)
    limit = _chosen(series, wanted.limit, wanted) if wanted.limit else []
    billed = _chosen(series, wanted.billed, wanted) if wanted.billed else []
    return Reading(
        memory_bytes=sum(one.value for one in memory),
        limit_bytes=sum(one.value for one in limit) if limit else wanted.limit_bytes,
        billed=sum(one.value for one in billed) if billed else None,
        replicas=len(memory),
    )


def _chosen(series: Iterable[Series], name: str, wanted: Metrics) -> list[Series]:
    """The samples of one metric: one, or one for each instance where a label tells them apart."""
    # A limit or a counter may lack labels that the memory has.
    needed = wanted.labels.keys() if name == wanted.memory else frozenset[str]()
    found = [
        one
        for one in series
        if one.name == name
        and needed <= one.labels.keys()
        and all(one.labels.get(label, value) == value for label, value in wanted.labels.items())
    ]
    if not found:
        labels = f" with {dict(wanted.labels)}" if wanted.labels else ""
        raise UnclearMetricsError(f"the metrics have no {name}{labels}")
    if not all(math.isfinite(one.value) for one in found):
        raise UnclearMetricsError(f"{name} is not a number")
    if len(found) == 1:
        return found
    instances = {one.labels.get(wanted.instance) for one in found} if wanted.instance else set()
    if None in instances or len(instances) != len(found):
        raise UnclearMetricsError(
            f"{name} is there {len(found)} times; name the replicas' label in [metrics] instance, or narrow `labels`"
        )
    return found


class MetricsWatch:
    """Polls the metrics in a thread and writes each reading as a sample."""

    def __init__(
        self, client: httpx.Client, path: str, wanted: Metrics, samples_path: Path, clock: Callable[[], float]
    ) -> None:
        self._client, self._path, self._wanted, self._clock = client, path, wanted, clock
        self._samples_path = samples_path
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._first: Reading | None = None
        self._read_s = clock()
        self._problem = ""
        self.latest: Reading | None = None
        self.billed = 0.0
        """Inputs billed since the first reading."""
        self.replicas_changed: str | None = None
        self.unread_s = 0.0
        """The longest time in which nothing could be read."""

    @property
    def unread(self) -> str | None:
        """For how long nothing could be read, and why; None while that was shorter than a few readings."""
        if self.unread_s < max(_UNREAD_MOST_S, _UNREAD_MOST * self._wanted.interval_s):
            return None
        return f"the metrics could not be read for {self.unread_s:.0f} s: {self._problem}"

    def start(self) -> None:
        """Read once here, so that what is wrong is known before any load; then go on in the thread."""
        with self._samples_path.open("a", encoding="ascii") as file:
            file.write(self._look())
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._samples_path.open("a", encoding="ascii", buffering=1) as file:
            while not self._stopping.wait(self._wanted.interval_s):
                try:
                    file.write(self._look())
                except (httpx.HTTPError, UnclearMetricsError, HalfgigError) as error:
                    self._problem = str(error)
                    self.unread_s = max(self.unread_s, self._clock() - self._read_s)

    def _look(self) -> str:
        answer = self._client.get(self._path)
        if answer.status_code != 200:
            raise UnclearMetricsError(f"{self._path} answers {answer.status_code}")
        reading = read_text(answer.text, self._wanted)
        self._first = self._first or reading
        if reading.replicas != self._first.replicas:
            text = f"there were {self._first.replicas} replicas, and now there are {reading.replicas}"
            self.replicas_changed = text
            raise UnclearMetricsError(text)
        self.billed += _increase(self.latest.billed if self.latest else None, reading.billed)
        self.latest, self._read_s = reading, self._clock()
        return json.dumps({"t": round(self._read_s, 4), "anon_bytes": int(reading.memory_bytes)}) + "\n"


def _increase(before: float | None, now: float | None) -> float:
    """By how much a counter has grown; one that is below what it was began anew."""
    if before is None or now is None:
        return 0.0
    return now - before if now >= before else now
