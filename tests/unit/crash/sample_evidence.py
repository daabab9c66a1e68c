"""A made-up crash cycle in which every invariant holds, to be changed one thing at a time."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.client import FailedDocument, JobStatus
from harness.crash.evidence import (
    CRASHED,
    FINISHED,
    RESUMED_AGAIN,
    ZOMBIE_SLEEPS,
    ZOMBIE_WOKE,
    Baseline,
    Billing,
    Call,
    Disruption,
    Evidence,
    Facts,
    InFlight,
    Leaks,
    Resume,
    SecondImport,
    Snapshot,
    Start,
)
from harness.dependencies.boundary.points import parse_point
from harness.dependencies.provider.vectors import embed
from harness.stored import StoredDigest

JOB = "11111111-1111-1111-1111-111111111111"
TEXTS = ("the first text of all", "another text about words")
LIMIT_BYTES = 512 << 20
ENDPOINT = "openai.embeddings"

Change = Callable[[Evidence], Evidence]


def digest(text: str) -> str:
    """How the ledger knows a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def vector(text: str) -> bytes:
    """What vector_send gives of the provider's vector of a text."""
    numbers = embed([text.encode()], [hashlib.sha256(text.encode()).digest()], 8)[0]
    return bytes((0, 8, 0, 0)) + bytes(numbers.astype(">f4").tobytes())


def told(state: str, done: int, progress: float, **more: Any) -> JobStatus:
    """A status answer."""
    values = {"stage": "embed", "documents_failed": 0, "chunks_stored": done, "duplicates": 0, "resumable": False}
    return JobStatus(
        **{"state": state, "progress": progress, "documents_done": done, "error": None, "attempt": 1, **values, **more}
    )


def job_row(status: str, settled: int, **more: Any) -> tuple[Any, ...]:
    """A row of the block `jobs`."""
    row = {
        "job": JOB, "status": status, "epoch": 1, "attempt": 1, "total": 2, "settled": settled, "failed": 0,
        "chunks": settled, "listed": settled, "error_code": None, "memory_kills": 0, "window_halvings": 0,
    }  # fmt: skip
    return tuple({**row, **more}.values())


def facts(job: tuple[Any, ...], **more: Any) -> Facts:
    """What the queries yield where nothing is wrong."""
    none = dict.fromkeys(("twice", "half_documents", "checkpoint_ahead", "dishonest_status", "leftovers"), ())
    paid = tuple((digest(text),) for text in TEXTS[: job[8]])
    writes = (("chunks", 2, "77"), ("jobs", 1, "5"))
    return {**none, "jobs": (job,), "paid": paid, "paid_answers": (), "writes": writes, **more}


def billing(t: float, text: str, endpoint: str = ENDPOINT) -> Billing:
    """A billed request of one input."""
    identities = ((endpoint, "model", digest(text)),)
    return Billing(t, f"{endpoint}#1", status=200, billed=True, identities=identities)


def call(t: float, status: JobStatus | None, name: str = "status", code: int = 200) -> Call:
    """An answered call."""
    return Call(t, t + 0.1, name, code, status, JOB)


def disruption(point: str, t: float = 10.0, **more: Any) -> Disruption:
    """A fault that was done."""
    return Disruption(**{"t": t, "point": parse_point(point), "ended_process": True, "answers_lost": 0, **more})


STORED = StoredDigest("same", {"documents": 2, "chunks": 2})
COMPLETE = told("completed", 2, 1.0)
VECTORS = tuple((text, vector(text)) for text in TEXTS)
KILL = disruption("postgres.commit#2@after/sigkill")


def snapshot(moment: str, t: float, found: Facts) -> Snapshot:
    """What the database held."""
    return Snapshot(t, moment, JOB, found, STORED)


def held_evidence() -> Evidence:
    """A crash after the first of two documents, a resume, and a good end."""
    done = facts(job_row("completed", 2, epoch=2, attempt=2), vectors=VECTORS)
    return Evidence(
        points=(KILL.point,),
        fired=(KILL.point,),
        baseline=Baseline(
            STORED, facts(job_row("completed", 2)), frozenset(), COMPLETE, 2, (), connections_idle=3,
            first_commit_s=1.0, seconds=3.0,
        ),
        disruptions=(KILL,),
        in_flight=(InFlight(ENDPOINT, 1, 1), InFlight("openai.chat", 1, 1)),
        job_ids=(JOB,),
        history=(
            call(1.0, None, "upload", 202),
            call(2.0, told("running", 1, 0.5)),
            call(12.0, told("interrupted", 1, 0.5)),
            call(20.0, COMPLETE),
        ),
        resumes=(Resume(13.0, (409, 202, 409)),),
        ledger=(billing(3.0, TEXTS[0]), billing(9.0, TEXTS[1]), billing(15.0, TEXTS[1])),
        ledger_after=(),
        snapshots=(
            snapshot(CRASHED, 11.0, facts(job_row("running", 1))),
            snapshot(ZOMBIE_SLEEPS, 20.5, done),
            snapshot(ZOMBIE_WOKE, 20.7, done),
            snapshot(FINISHED, 21.0, done),
            snapshot(RESUMED_AGAIN, 22.0, done),
        ),
        starts=(Start(0.0, 0.5, 1, 100 << 20), Start(11.5, 11.9, 1, 120 << 20)),
        last=COMPLETE,
        failed=(),
        finished=True,
        bound_s=30.0,
        resume_of_finished=Resume(21.5, (409,)),
        second=SecondImport(1, "completed", 1, 0.4),
        leaks=Leaks(3, 0, (), 0, 0, (), 0),
        limit_bytes=LIMIT_BYTES,
        oom_kills=0,
        first_commits_s=(1.0,),
        problems=(),
    )  # fmt: skip


def with_snapshot(moment: str, **found: Any) -> Change:
    """Put blocks into the snapshot of that moment."""

    def change(evidence: Evidence) -> Evidence:
        changed = tuple(
            replace(one, facts={**one.facts, **found}) if one.moment == moment else one for one in evidence.snapshots
        )
        return replace(evidence, snapshots=changed)

    return change


def with_calls(*calls: Call) -> Change:
    """Add calls to the history."""
    return lambda evidence: replace(evidence, history=(*evidence.history, *calls))


def but(**fields: Any) -> Change:
    """Replace fields."""
    return lambda evidence: replace(evidence, **fields)


def poisoned(failed: int, state: str = "completed_with_errors") -> Change:
    """An input was refused, and so many documents failed."""
    last = told(state, 2 - failed, 1.0 if state != "failed" else 0.5, documents_failed=failed)
    fault = disruption("openai.embeddings#1@before/poison", ended_process=False, documents_lost=1)
    names = tuple(FailedDocument(f"d{n}", "rejected_input", "no") for n in range(failed))
    return but(last=last, disruptions=(fault,), failed=names)


def memory_killed(*rows: tuple[Any, ...], kills: int = 1) -> Change:
    """Kills for memory, and what the job's row said after them."""

    def change(evidence: Evidence) -> Evidence:
        crashes = tuple(snapshot(CRASHED, 11.0 + n, facts(row)) for n, row in enumerate(rows))
        faults = tuple(disruption("postgres.commit#2@before/oom", t=10.0 + n) for n in range(kills))
        return replace(evidence, oom_kills=kills, disruptions=faults, snapshots=(*crashes, *evidence.snapshots[-2:]))

    return change
