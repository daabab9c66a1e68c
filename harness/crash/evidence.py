"""What one crash cycle saw, as plain frozen data: the cycle collects it, the oracle judges it, and neither does both.

All times are Unix times in seconds, those of the ledger included, so that everything lies on one clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.client import FailedDocument, JobStatus
from harness.dependencies.boundary.points import CrashPoint
from harness.dependencies.boundary.recorder import Passage
from harness.stored import StoredDigest

Rows = tuple[tuple[Any, ...], ...]
Facts = Mapping[str, Rows]
"""What the named queries of the target's invariants file yielded: name to rows; empty where it names none."""
Identity = tuple[str, str, str]
"""Endpoint, model and SHA-256 of one input: what can be billed twice."""

CRASHED = "crashed"
"""After a process ended: nothing of it is left, and the next start has not begun."""
FINISHED = "finished"
"""The import is over, as far as the target says."""
ZOMBIE_SLEEPS = "zombie_sleeps"
"""The job was finished by another instance; the stopped one still exists. Compare with ZOMBIE_WOKE."""
ZOMBIE_WOKE = "zombie_woke"
"""Some time after the stopped instance was let go on."""
RESUMED_AGAIN = "resumed_again"
"""After a finished job was asked to resume; compare with FINISHED."""
USED_AGAIN = "used_again"
"""After the small fresh import at the end."""


@dataclass(frozen=True, slots=True)
class Billing:
    """One request as the ledger has it; `identities` are its inputs, billed only where `billed`."""

    t: float
    message: str
    """As the stub counts it over the whole cycle (`openai.embeddings#7`), restarts included."""
    status: int
    billed: bool
    identities: tuple[Identity, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database held at one moment; `job_id` is the import that the cycle is about, `` where it has none."""

    t: float
    moment: str
    job_id: str
    facts: Facts
    stored: StoredDigest | None
    """None where the target names no fingerprint, or at moments where it was not taken."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the client and what it knows of the answer; `status` is None where none came."""

    t: float
    answered_t: float | None
    call: str
    """`upload`, `status`, `resume`, `resume_finished`, `second_upload` or `second_status`."""
    status: int | None
    job: JobStatus | None = None
    """Of a status call that was answered 200."""
    job_id: str = ""
    reason: str = ""
    """The machine-readable code of a refusal, where the answer had one."""


@dataclass(frozen=True, slots=True)
class Resume:
    """K resumes of the same job, sent at once: the HTTP statuses, None where no answer came."""

    t: float
    statuses: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class InFlight:
    """The most that the scenario's knobs allow to be under way at one endpoint."""

    endpoint: str
    """`openai.embeddings`, `cohere.embed`, `openai.chat`."""
    requests: int
    inputs: int
    """Inputs of one request."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """One fault that was really done, at the point where it was done."""

    t: float
    point: CrashPoint
    ended_process: bool
    """Whether a process of the target ended by it."""
    answers_lost: int
    """Provider answers that were billed, and then withheld or spoilt by the fault itself (not by a death)."""
    documents_lost: int = 0
    """Documents that are allowed to fail because of it (poisoned input)."""
    tamed: bool = False
    """Whether a careful target need not show anything of it (slow wire, one 429): the import just goes on."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the target; `instance` 2 is another one beside the first."""

    t: float
    ready_t: float
    instance: int
    peak_bytes: int
    """The most unreclaimable memory that was sampled until this start's end."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """What was left: the first three while the idle target lived, the rest after it was asked to end (SIGTERM)."""

    connections_idle: int
    open_transactions: int
    """Sessions in a transaction although nothing is done."""
    child_processes: tuple[str, ...]
    connections_after: int
    locks_after: int
    temporary_files: tuple[str, ...]
    """Names in the target's own TMPDIR."""
    exit_status: int | None
    """Of the target after SIGTERM; None where a signal ended it."""


@dataclass(frozen=True, slots=True)
class SecondImport:
    """The small fresh import after everything; `state` is None where the upload was not taken."""

    documents: int
    state: str | None
    documents_done: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """The same work without any fault."""

    stored: StoredDigest | None
    facts: Facts
    identities: frozenset[Identity]
    """Everything that was billed; each of it once."""
    last: JobStatus
    documents: int
    """As the harness counts the corpus."""
    messages: tuple[Passage, ...]
    connections_idle: int
    first_commit_s: float | None
    """From the process's start to its first numbered commit after the upload's own."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of one cycle."""

    points: tuple[CrashPoint, ...]
    """As asked for, in order."""
    fired: tuple[CrashPoint, ...]
    baseline: Baseline
    disruptions: tuple[Disruption, ...]
    in_flight: tuple[InFlight, ...]
    job_ids: tuple[str, ...]
    """Imports that were acknowledged (202) to the client, in order; the last is the one that the cycle follows."""
    history: tuple[Call, ...]
    resumes: tuple[Resume, ...]
    ledger: tuple[Billing, ...]
    """Up to the end of the cycle's import; the second import's follow in `ledger_after`."""
    ledger_after: tuple[Billing, ...]
    snapshots: tuple[Snapshot, ...]
    starts: tuple[Start, ...]
    last: JobStatus | None
    """The last status that the client was told of the import."""
    failed: tuple[FailedDocument, ...]
    finished: bool
    """Whether the import was over within the bound, once the faults had stopped."""
    bound_s: float
    resume_of_finished: Resume | None
    """One resume of the finished job; must be 409."""
    second: SecondImport | None
    leaks: Leaks | None
    limit_bytes: int | None
    oom_kills: int
    first_commits_s: tuple[float, ...]
    """For each restart after a crash: seconds from the start of the process to the first commit of the resumed work,
    the stall time-out left out."""
    problems: tuple[str, ...]
    """What went wrong in the harness's own wires: the cycle is then INVALID."""

    @property
    def stored(self) -> StoredDigest | None:
        """What is stored when the import is over."""
        return next((one.stored for one in self.snapshots if one.moment == FINISHED), None)

    @property
    def facts(self) -> Facts:
        """The facts when the import is over."""
        return next((one.facts for one in self.snapshots if one.moment == FINISHED), {})

    @property
    def billings(self) -> Mapping[Identity, int]:
        """How often each input was billed until the import was over."""
        counts: dict[Identity, int] = {}
        for line in self.ledger:
            for identity in line.identities if line.billed else ():
                counts[identity] = counts.get(identity, 0) + 1
        return counts

    @property
    def billed_twice(self) -> int:
        """Billings beyond the first of each input."""
        return sum(count - 1 for count in self.billings.values())
