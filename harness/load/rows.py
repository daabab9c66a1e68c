"""Reads the raw rows that Locust's processes wrote, one JSON object a line, onto the clock of the run."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

ROWS = "rows.jsonl"
BETWEEN = -1
Notes = Mapping[str, Any]


class Request(NamedTuple):
    """One request; a tuple, because a long run has very many."""

    start_s: float
    name: str
    seconds: float
    bytes: int
    error: str | None
    stage: int
    """The place of the stage in which it began; -1 while there was none."""
    worker: int

    @property
    def end_s(self) -> float:
        """When its answer was complete, or given up."""
        return self.start_s + self.seconds


class Arrival(NamedTuple):
    """One piece of work of a constant rate; `late_s` is how long it waited for a free user's attention."""

    due_s: float
    turned_away: bool
    late_s: float
    seconds: float | None
    """From when it was due to its end; None where it had not ended when the load did."""
    ok: bool


class Generator(NamedTuple):
    """One process of the generator in one second."""

    t: float
    worker: int
    stage: int
    cpu_share: float
    lag_s: float
    users: int
    free: int


@dataclass(frozen=True, slots=True)
class StageSeen:
    """A stage as it really was; `end_s` is None where it did not end, `begin_s` where its users never came."""

    place: int
    name: str
    users: int
    begin_s: float | None
    end_s: float | None


@dataclass(frozen=True, slots=True)
class ImportSeen:
    """One import that the service acknowledged, as the users saw it."""

    job_id: str
    documents: int
    accepted_s: float
    state: str | None
    """The last state that its user knew; None where the user was stopped before it asked."""
    chunks_stored: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Told:
    """One status that a user was told."""

    t: float
    job_id: str
    state: str
    fields: Notes


@dataclass(frozen=True, slots=True)
class Rows:
    """All of a run."""

    requests: Sequence[Request] = ()
    arrivals: Sequence[Arrival] = ()
    generators: Sequence[Generator] = ()
    stages: Sequence[StageSeen] = ()
    imports: Sequence[ImportSeen] = ()
    told: Sequence[Told] = ()
    workers_seen: Sequence[tuple[float, int]] = ()
    """Time, and how many workers the leading process heard of."""
    user_errors: Sequence[str] = ()
    uploads_begun: Sequence[str] = ()
    """Names of the uploads that were sent, answered or not."""


@dataclass(frozen=True, slots=True)
class RunClock:
    """From the times in rows to seconds since the run's start.

    The machine's own monotonic clock serves rows that were written here; those of another machine have Unix time.
    """

    started_monotonic_s: float
    started_unix_s: float
    boot: str

    def seconds(self, row: Notes, here: bool, key: str = "m") -> float:  # noqa: FBT001 - a fact about the row
        """When the row's moment was."""
        if here:
            return float(row[key]) - self.started_monotonic_s
        shift = float(row["t"]) - float(row["m"])
        return float(row[key]) + shift - self.started_unix_s


def read_rows(path: Path, clock: RunClock) -> Rows:
    """Read the whole file; what is not a whole line is left out."""
    raw = list(read_raw(path))
    boots = {row["worker"]: row["boot"] for row in raw if row["kind"] == "hello"}

    def at(row: Notes, key: str = "m") -> float:
        return clock.seconds(row, boots.get(row["worker"], clock.boot) == clock.boot, key)

    by_kind: dict[str, list[Notes]] = {}
    for row in raw:
        by_kind.setdefault(row["kind"], []).append(row)
    return Rows(
        requests=[
            Request(at(r), r["name"], r["ms"] / 1000, r["bytes"], r["error"], r["stage"], r["worker"])
            for r in by_kind.get("request", [])
        ],
        arrivals=_arrivals(by_kind, at),
        generators=[
            Generator(at(r), r["worker"], r["stage"], r["cpu"], r["lag_ms"] / 1000, r["users"], r["free"])
            for r in by_kind.get("generator", [])
        ],
        stages=_stages([(at(r), r) for r in by_kind.get("stage", [])]),
        imports=_imports([(at(r), r) for r in by_kind.get("import", [])]),
        told=[Told(at(r), r["job"], r["state"], r) for r in by_kind.get("told", [])],
        workers_seen=[(at(r), r["there"]) for r in by_kind.get("workers", [])],
        user_errors=[r["text"] for r in by_kind.get("user_error", [])],
        uploads_begun=[r["name"] for r in by_kind.get("upload", [])],
    )  # fmt: skip


def read_raw(path: Path) -> Iterator[Notes]:
    """Each whole line of the file."""
    if path.is_file():
        with path.open("rb") as file:
            for line in file:
                row = parse_line(line)
                if row is not None:
                    yield row


def parse_line(line: bytes) -> Notes | None:
    """A row, or None for a line that is cut off."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and "kind" in row and "m" in row else None


def _arrivals(by_kind: Mapping[str, Sequence[Notes]], at: Callable[[Notes, str], float]) -> Sequence[Arrival]:
    ends = {(row["worker"], row["due"]): row for row in by_kind.get("arrival_end", [])}
    found = []
    for row in by_kind.get("arrival", []):
        end = ends.get((row["worker"], row["due"]))
        seconds, ok = (end["ms"] / 1000, bool(end["ok"])) if end else (None, False)
        late_s = row.get("late_ms", 0) / 1000
        found.append(Arrival(at(row, "due"), row.get("turned_away", False), late_s, seconds, ok))
    return found


def _stages(rows: Sequence[tuple[float, Notes]]) -> Sequence[StageSeen]:
    found: dict[int, StageSeen] = {}
    for t, row in rows:
        place = row["place"]
        before = found.get(place, StageSeen(place, row["name"], row["users"], None, None))
        match row["state"]:
            case "begin":
                found[place] = StageSeen(place, row["name"], row["users"], t, None)
            case "end":
                found[place] = StageSeen(place, row["name"], before.users, before.begin_s, t)
            case _:
                found[place] = before
    return [found[place] for place in sorted(found)]


def _imports(rows: Sequence[tuple[float, Notes]]) -> Sequence[ImportSeen]:
    ends = {row["job"]: row for _, row in rows if row["event"] == "end"}
    return [
        ImportSeen(
            row["job"],
            row["documents"],
            t,
            ends.get(row["job"], {}).get("state"),
            ends.get(row["job"], {}).get("chunks_stored") or 0,
            ends.get(row["job"], {}).get("duplicates") or 0,
        )
        for t, row in rows
        if row["event"] == "accepted"
    ]
