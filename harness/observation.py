"""What one run was seen to do: plain data between collecting and judging."""

from dataclasses import dataclass

from harness.client import FailedDocument, JobStatus
from harness.containers.container import Exit
from harness.dependencies.provider.ledger import Ledger


@dataclass(frozen=True, slots=True)
class ImportSeen:
    """One import as the client saw it; `last` is the last status that the target told, None where it told none."""

    job_id: str
    documents: int
    last: JobStatus | None
    upload_s: float
    """How long the upload took, to its 202."""
    chunks_s: float
    """From the 202 to the last time that the number of stored chunks was seen to rise."""
    failed: tuple[FailedDocument, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """The imports that ran at once, what they were billed, and what memory stayed when they were over."""

    imports: tuple[ImportSeen, ...]
    ledger_position: int
    """How far the ledger was written when the round was over, in bytes."""
    unreclaimable_after_bytes: int | None
    peak_bytes: int | None = None
    """The most unreclaimable memory from the start of the run to the end of this round."""


@dataclass(frozen=True, slots=True)
class PeaksSeen:
    """The highest of all samples, in bytes; None without any sample. `kernel_cgroup_bytes` is the kernel's own mark."""

    unreclaimable_bytes: int | None
    anon_bytes: int | None
    working_set_bytes: int | None
    sampled_cgroup_bytes: int | None
    kernel_cgroup_bytes: int | None
    rss_bytes: int | None


@dataclass(frozen=True, slots=True)
class Observation:
    """All that the verdict and the result are made from; None is what was not seen."""

    documents_total: int
    rounds: tuple[Round, ...]
    peaks: PeaksSeen
    oom_kills: int
    killed: tuple[str, ...]
    exit: Exit | None
    """How the target ended although nobody asked it to; None while it lives until the harness ends it."""
    ready_at_the_end: bool
    restarts: int
    timed_out: bool
    ledger: Ledger
    outbound_attempts: tuple[str, ...]
    cpu_s: float
    notes: tuple[str, ...]
    stopped_early: bool = False
    """Whoever looked on had seen enough and ended it: nothing is known of the rest of the imports."""

    @property
    def imports(self) -> tuple[ImportSeen, ...]:
        """Every import of every round."""
        return tuple(one for each in self.rounds for one in each.imports)
