"""Watches a service through its imports: samples, statuses, kills and restarts, until the last one is over."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.client import is_ready
from harness.containers.container import Container
from harness.corpora.corpus import Corpus
from harness.dependencies.addresses import address_of
from harness.dependencies.outbound import foreign_connections
from harness.dependencies.provider.ledger import position, read_ledger
from harness.environment import Environment
from harness.imports import POLL_S, Followed, Following, failed_documents, follow, upload_all
from harness.journal import Clock
from harness.memory.sampler import INTERVAL_MS, Observer, Sampler, SamplingReport
from harness.observation import ImportSeen, Observation, PeaksSeen, Round
from harness.service import Service, start
from reports.progress import Progress

SETTLE_S = 1.0
"""How long after an import its remaining memory is read: time for buffers and connections to be given back."""
READY_AT_THE_END_S = 10.0
CONNECTIONS_EVERY, LOOKS_EVERY = 10, 4
"""Samples between two looks for connections, which take as long as two samples, and of the run's own `look`."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is watched: the service, what it imports each round, what it depends on, and who is told."""

    service: Service
    rounds: tuple[tuple[Corpus, ...], ...]
    """For each round the shares that are imported at once."""
    environment: Environment
    run_dir: Path
    clock: Clock
    show: Callable[[Progress], None]
    look: Callable[[Container], None] = lambda _container: None
    enough: Callable[[Progress], bool] = lambda _progress: False
    """Asked after each poll: whether the rest of the imports need not be seen."""

    @property
    def documents(self) -> int:
        """Documents of all rounds."""
        return sum(share.documents for shares in self.rounds for share in shares)


def watch(subject: Subject) -> tuple[Observation, SamplingReport]:
    """Start the service, run every round of imports, and tell what was seen; the service still runs afterwards."""
    service, outbound = subject.service, set[str]()
    observers = (
        Observer(CONNECTIONS_EVERY, connection_watch(service, subject.environment, outbound)),
        Observer(LOOKS_EVERY, partial(subject.look, service.container)),
    )
    sampler = Sampler(
        service.container,
        subject.run_dir / "samples.jsonl",
        origin_s=subject.clock.started_s,
        interval_ms=INTERVAL_MS,
        observers=observers,
    )
    sampler.start()  # before the service: the peak of its start counts
    try:
        start(service)
        rounds, last = _rounds(subject, sampler)
        ready = _still_ready(service)
    finally:
        report = sampler.stop()
    return _observation(subject, rounds, last, report, ready=ready, outbound=tuple(sorted(outbound))), report


def _still_ready(service: Service) -> bool:
    """Whether the service answers within `READY_AT_THE_END_S`: a busy one may need more than one try."""
    deadline_s = time.monotonic() + READY_AT_THE_END_S
    while service.container.poll() is None and time.monotonic() < deadline_s:
        if is_ready(service.client):
            return True
        time.sleep(POLL_S)
    return False


def _rounds(subject: Subject, sampler: Sampler) -> tuple[tuple[Round, ...], Following]:
    deadline_s = time.monotonic() + subject.service.scenario.timeout_s
    rounds: list[Round] = []
    following = Following([])
    for number, shares in enumerate(subject.rounds, 1):
        following = upload_all(subject.service, shares, following.restarts)
        phase = f"import {number} of {len(subject.rounds)}"
        follow(subject.service, following, deadline_s, partial(_show, subject, sampler, phase))
        rounds.append(_round(subject, following, sampler.peaks.unreclaimable_bytes))
        if following.gone or following.timed_out or following.enough:
            break
    return tuple(rounds), following


def _round(subject: Subject, following: Following, peak_bytes: int) -> Round:
    imports = tuple(_seen(subject.service, one) for one in following.imports)
    if following.gone or following.enough:
        return Round(imports, position(subject.environment.provider.ledger_path), None, peak_bytes)
    time.sleep(SETTLE_S)
    after_bytes = subject.service.container.sample().unreclaimable_bytes
    return Round(imports, position(subject.environment.provider.ledger_path), after_bytes, peak_bytes)


def _seen(service: Service, one: Followed) -> ImportSeen:
    return ImportSeen(
        job_id=one.job_id,
        documents=one.corpus.documents,
        last=one.last,
        upload_s=one.upload_s,
        chunks_s=one.chunks_s,
        failed=failed_documents(service, one) if one.last and one.last.documents_failed else (),
    )


def _observation(
    subject: Subject,
    rounds: tuple[Round, ...],
    last: Following,
    report: SamplingReport,
    *,
    ready: bool,
    outbound: tuple[str, ...],
) -> Observation:
    container = subject.service.container
    counters = container.counters()
    return Observation(
        documents_total=subject.documents,
        rounds=rounds,
        peaks=_peaks(report, counters.kernel_peak_bytes, counters.rss_peak_bytes),
        oom_kills=counters.oom_kills,
        killed=counters.killed,
        exit=last.gone,
        ready_at_the_end=ready,
        restarts=last.restarts,
        timed_out=last.timed_out,
        stopped_early=last.enough,
        ledger=read_ledger(subject.environment.provider.ledger_path),
        outbound_attempts=outbound,
        cpu_s=counters.cpu_s,
        notes=container.notes,
    )


def _peaks(report: SamplingReport, kernel_peak_bytes: int | None, rss_peak_bytes: int) -> PeaksSeen:
    sampled, none = report.peaks, report.samples == 0
    return PeaksSeen(
        unreclaimable_bytes=None if none else sampled.unreclaimable_bytes,
        anon_bytes=None if none else sampled.anon_bytes,
        working_set_bytes=None if none else sampled.working_set_bytes,
        sampled_cgroup_bytes=None if none else sampled.total_bytes,
        kernel_cgroup_bytes=kernel_peak_bytes,
        rss_bytes=rss_peak_bytes or None,
    )


def connection_watch(service: Service, environment: Environment, found: set[str]) -> Callable[[], None]:
    """What looks once for connections beyond the declared ones and adds them to `found`."""
    container = service.container
    allowed = frozenset({address_of(environment.server.url), ("127.0.0.1", environment.provider.port)})
    judged: set[bytes] = set()
    return lambda: found.update(foreign_connections(container.pids(), allowed, judged))


def _show(subject: Subject, sampler: Sampler, phase: str, following: Following) -> None:
    told = [one.last for one in following.imports if one.last]
    done = sum((one.documents_done or 0) + (one.documents_failed or 0) for one in told)
    chunks = sum(one.chunks_stored or 0 for one in told)
    import_s = max((time.monotonic() - one.accepted_s for one in following.imports if one.job_id), default=0.0)
    scenario, documents = subject.service.scenario, sum(one.corpus.documents for one in following.imports)
    progress = Progress(
        phase=phase,
        elapsed_s=subject.clock(),
        stage=next((one.stage for one in told if not one.finished), None),
        documents_done=done,
        documents_total=documents,
        chunks=chunks,
        chunks_per_s=chunks / import_s if import_s > 1 else None,
        memory_bytes=sampler.latest.unreclaimable_bytes,
        peak_bytes=sampler.peaks.unreclaimable_bytes,
        budget_bytes=scenario.budget_bytes,
        limit_bytes=scenario.limit_bytes,
        eta_s=import_s * (documents - done) / done if done else None,
    )
    subject.show(progress)
    following.enough = subject.enough(progress)
