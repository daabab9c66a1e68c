"""The raw files of a run directory, as streams: samples, events and failed documents.

A killed run leaves a last line cut off, and a full disk lines with rubbish: what is not a whole object is left out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

LINE_MAX_BYTES = 2**20
"""A longer line is none of ours; it is left out without being held."""
_BLOCK_BYTES = 2**17
_TOO_LONG = b"?"  # stands for the start of a line that is left out: with it the rest is no JSON


class Sample(NamedTuple):
    """Memory of the container `t` seconds after the start of the run, in bytes.

    A tuple, because a long run has millions and a frozen dataclass takes three times as long to make.
    """

    t: float
    anon: int
    shmem: int
    kernel: int
    """Kernel memory that cannot be reclaimed."""
    unreclaimable: int
    """The three together: what the OOM killer is about."""
    total: int
    """Everything charged; what it has beyond `unreclaimable` is file cache and other reclaimable memory."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened `t` seconds after the start of the run."""

    t: float
    kind: str
    """`start`, `ready`, `upload`, `stage`, `progress`, `exit`, `oom_kill`, `restart`, `end`."""
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that failed, and why."""

    name: str
    reason: str
    detail: str


def read_samples(path: Path) -> Iterator[Sample]:
    """Stream `samples.jsonl`; a file that is not there has none."""
    for values in _values(path):
        yield from _samples(values)


def read_events(path: Path) -> Iterator[Event]:
    """Stream `events.jsonl`; a file that is not there has none."""
    for one in _objects(path):
        if _is_time(one.get("t")) and isinstance(one.get("kind"), str):
            yield Event(float(one["t"]), one["kind"], one)


def read_failures(path: Path) -> Iterator[Failure]:
    """Stream `failures.jsonl`; a file that is not there has none."""
    for one in _objects(path):
        yield Failure(str(one.get("name", "")), str(one.get("reason", "")), str(one.get("detail", "")))


def _samples(values: list[Any]) -> list[Sample]:
    try:
        # Nearly every block is whole and complete; taken in one go it costs half of what the lines cost one by one.
        whole = [
            Sample(t, anon, shmem, kernel, unreclaimable, total)
            for t, anon, shmem, kernel, total in map(_COLUMNS, values)
            if 0 <= t < _LATEST_S and (unreclaimable := anon + shmem + kernel) <= total
        ]
    except (KeyError, TypeError):
        whole = []
    return whole if len(whole) == len(values) else list(filter(None, map(_sample, values)))


_COLUMNS = itemgetter("t", "anon_bytes", "shmem_bytes", "kernel_bytes", "total_bytes")


def _sample(one: Any) -> Sample | None:
    """Take a line in; what a backend cannot tell is null or left out there, and counts as none."""
    try:
        get, t, anon = one.get, one["t"], one["anon_bytes"] or 0
        shmem, kernel = get("shmem_bytes") or 0, get("kernel_bytes") or 0
        unreclaimable = anon + shmem + kernel
        total = get("total_bytes") or unreclaimable + (get("file_bytes") or 0)
        if 0 <= t < _LATEST_S:
            return Sample(t, anon, shmem, kernel, unreclaimable, total if total > unreclaimable else unreclaimable)
    except (AttributeError, KeyError, TypeError):
        pass
    return None


_LATEST_S = 10.0 * 366 * 86400


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value < _LATEST_S


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    return (one for values in _values(path) for one in values if isinstance(one, dict))


def _values(path: Path) -> Iterator[list[Any]]:
    for block in _blocks(path):
        # One call for many lines takes half the time; a block with a bad line in it is taken line by line.
        try:
            yield json.loads(b"[" + block.replace(b"\n", b",") + b"]")
        except (ValueError, RecursionError):
            yield [_value(line) for line in block.split(b"\n")]


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _blocks(path: Path) -> Iterator[bytes]:
    """Whole lines, many at a time, without the last line end."""
    if not path.is_file():
        return
    rest = b""
    with path.open("rb") as file:
        while data := file.read(_BLOCK_BYTES):
            whole, found, last = data.rpartition(b"\n")
            if found:
                yield rest + whole
            rest = last if found else rest + data
            if len(rest) > LINE_MAX_BYTES:
                rest = _TOO_LONG
    yield rest
