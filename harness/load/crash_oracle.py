"""The crash oracle on a load run: the invariants that hold for any number of imports, before and after each kill."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.client import JobStatus
from harness.crash.database_view import DatabaseView
from harness.crash.evidence import CRASHED, FINISHED, Baseline, Billing, Call, Disruption, Evidence, Snapshot
from harness.crash.ground import in_flight
from harness.crash.oracle.invariants import judge
from harness.crash.oracle.judgement import Judged, Need
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.points import CrashPoint
from harness.dependencies.provider.ledger import OUTBOUND, UNKNOWN, read_lines
from harness.load.rows import Told
from harness.load.seen import JobEnd, LoadSeen
from harness.scenario import Scenario

OF_MANY_IMPORTS = (
    "nothing_twice",
    "no_half_document",
    "vectors_match",
    "acknowledged_survives",
    "progress_monotone",
    "checkpoint_never_ahead",
    "checkpoint_never_regresses",
    "rebilling_bounded",
)
"""The others are about one import that is compared with the same one uncrashed."""
_WHILE_DEAD = ("jobs", "checkpoint_ahead", "paid", "paid_answers", "twice", "half_documents")
"""What is asked while the service is gone; the vectors would take too long."""
_QUIET_S = 5.0
_NEVER_TOLD = JobStatus("unknown", None, None, None, None, None, None, None, None, None)


class Oracle:
    """Looks at the database whenever the service is dead, and judges all of it at the end."""

    def __init__(self, scenario: Scenario, database_url: str) -> None:
        self._scenario = scenario
        self._view = DatabaseView(database_url, scenario.target)
        asked = {name: sql for name, sql in scenario.target.invariants.items() if name in _WHILE_DEAD}
        self._brief = DatabaseView(database_url, replace(scenario.target, invariants=asked))
        self._snapshots: list[Snapshot] = []

    def look(self) -> None:
        """What is stored now that nothing of the service is left."""
        self._brief.wait_empty(_QUIET_S)
        self._snapshots.append(replace(self._brief.snapshot(CRASHED, ""), stored=None))

    def judge(
        self, seen: LoadSeen, ledger_path: Path, ends: Sequence[JobEnd], queries: Collection[str]
    ) -> tuple[Judged, ...]:
        """Every invariant that can be judged here; `queries` are the digests of what was searched for."""
        self._snapshots.append(self._view.snapshot(FINISHED, ends[-1].job_id if ends else ""))
        evidence = self._evidence(seen, tuple(_billings(ledger_path, queries)), ends)
        offered: list[Need] = ["ledger", "history"]
        if self._scenario.target.invariants:
            offered.append("sql")
        return tuple(one for one in judge(evidence, offered) if one.name in OF_MANY_IMPORTS)

    def _evidence(self, seen: LoadSeen, ledger: tuple[Billing, ...], ends: Sequence[JobEnd]) -> Evidence:
        told = [_call(one) for one in seen.rows.told]
        return Evidence(
            points=(),
            fired=(),
            baseline=Baseline(None, {}, frozenset(), _NEVER_TOLD, sum(one.documents for one in ends), (), 0, None, 0.0),
            disruptions=tuple(_disruption(one.start_t, one.kind) for one in seen.crashes if one.struck),
            in_flight=in_flight(self._scenario),
            job_ids=tuple(one.job_id for one in ends),
            history=tuple(told),
            resumes=(),
            ledger=ledger,
            ledger_after=(),
            snapshots=tuple(self._snapshots),
            starts=(),
            last=told[-1].job if told else None,
            failed=(),
            finished=seen.drained,
            bound_s=seen.plan.drain_s,
            resume_of_finished=None,
            second=None,
            leaks=None,
            limit_bytes=seen.limit_bytes,
            oom_kills=seen.oom_kills,
            first_commits_s=(),
            problems=(),
        )


def _disruption(start_t: float, kind: str) -> Disruption:
    """A kill that no message was waited for."""
    point = CrashPoint(Message("load", "kill", 1), Edge.BEFORE, kind)
    return Disruption(start_t, point, ended_process=True, answers_lost=0)


def _call(one: Told) -> Call:
    fields = one.fields
    told = JobStatus(
        state=one.state,
        progress=fields.get("progress"),
        stage=None,
        documents_done=fields.get("documents_done"),
        documents_failed=fields.get("documents_failed"),
        chunks_stored=fields.get("chunks_stored"),
        duplicates=fields.get("duplicates"),
        resumable=None,
        error=None,
        attempt=None,
    )
    return Call(fields["t"], fields["t"], "status", 200, told, one.job_id)


def _billings(path: Path, queries: Collection[str]) -> Iterator[Billing]:
    """The ledger without what searches ask: people search for the same thing again and again."""
    for line in read_lines(path):
        digests: Sequence[str] = line["inputs"]
        if line["endpoint"] not in (UNKNOWN, OUTBOUND) and not set(digests) <= set(queries):
            identities = tuple((line["endpoint"], line["model"], digest) for digest in digests)
            yield Billing(line["t"], line["message"], line["status"], line["billed"], identities)
