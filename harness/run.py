"""ONE run: dependencies up, container up, import, observe, tear down, and the result of what was seen."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness.containers.backends import choose, sweep_all
from harness.containers.container import Backend, Launch
from harness.corpora.corpus import Corpus, deal, digest_of, first_documents
from harness.corpora.sources import load_corpus
from harness.dependencies.postgres import describe
from harness.dependencies.provider.ledger import read_shares
from harness.environment import Environment, open_environment
from harness.fingerprint import take_fingerprint
from harness.journal import Clock, Journal
from harness.memory.sampler import SamplingReport
from harness.observation import Observation
from harness.outcome import run_result
from harness.scenario import Scenario
from harness.service import free_port, launch_of, open_service, warm_page_cache
from harness.stored import digest_stored
from harness.watching import Subject, watch
from reports.progress import Progress
from reports.result import Header, Result, Sampling, Verdict, write_result
from reports.run_directory import FAILURES, RESULT


@dataclass(frozen=True, slots=True)
class Order:
    """One run that was asked for: the scenario, where its files go, and who is told how it goes."""

    scenario: Scenario
    run_dir: Path
    postgres_url: str | None
    command: str
    show: Callable[[Progress], None]
    clock: Clock = field(default_factory=Clock)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def run(order: Order) -> Result:
    """Do it, write the raw files and result.json into the run directory, and return the result."""
    scenario = order.scenario
    backend, _ = choose(scenario.backend)
    sweep_all()
    _tell(order, f"counting the documents of {scenario.corpus}")
    shares = _shares(scenario, order.run_dir)
    _tell(order, "starting Postgres and the provider stub")
    with open_environment(scenario.provider, order.run_dir, order.postgres_url) as environment:
        result = _run_in(order, backend, shares, environment)
    write_result(order.run_dir / RESULT, result)
    return result


def _shares(scenario: Scenario, run_dir: Path) -> tuple[Corpus, ...]:
    corpus = load_corpus(scenario.corpus)
    if scenario.documents is not None:
        corpus = first_documents(corpus, scenario.documents, run_dir / "corpus")
    return deal(corpus, scenario.imports.concurrent, run_dir / "corpus")


def _run_in(order: Order, backend: Backend, shares: tuple[Corpus, ...], environment: Environment) -> Result:
    scenario, run_dir, port = order.scenario, order.run_dir, free_port()
    launch = launch_of(scenario, environment, run_dir, port)
    _tell(order, f"warming the page cache for {scenario.target.name}")
    warm_page_cache(scenario, launch)
    _tell(order, f"starting {scenario.target.name} inside {backend.name}")
    journal = Journal(run_dir / "events.jsonl", order.clock)
    with open_service(scenario, launch, backend, port, journal) as service:
        seen, sampling = watch(Subject(service, shares, environment, run_dir, order.clock, order.show))
    _write_failures(run_dir, seen)
    ledger_shares = read_shares(environment.provider.ledger_path, [each.ledger_position for each in seen.rounds])
    sql = scenario.target.fingerprint_sql
    return run_result(
        scenario,
        seen,
        digest_stored(environment.database_url, sql) if sql else None,
        ledger_shares,
        _sampling(sampling),
        _header(order, backend, shares, environment, launch),
    )


def _tell(order: Order, phase: str) -> None:
    order.show(Progress(phase, order.clock()))


def _header(
    order: Order, backend: Backend, shares: tuple[Corpus, ...], environment: Environment, launch: Launch
) -> Header:
    scenario, server = order.scenario, describe(environment.server)
    return Header(
        verdict=Verdict.INVALID,
        reasons=(),
        scenario=scenario.name,
        target=scenario.target.name,
        backend=backend.name,
        simulated=backend.simulated,
        limit_bytes=scenario.limit_bytes,
        budget_bytes=scenario.budget_bytes,
        knobs=dict(scenario.knobs),
        fingerprint=take_fingerprint(
            corpus_digest=" ".join(digest_of(share) for share in shares),
            knobs=scenario.knobs,
            limit_bytes=scenario.limit_bytes,
            cpus=scenario.cpus,
            backend=backend.name,
            target_env=launch.env,
            postgres=f"{server.version}, pgvector {server.pgvector_version}{', embedded' if server.embedded else ''}",
        ),
        started_at=order.started_at.isoformat(timespec="seconds"),
        duration_s=round(order.clock(), 3),
        command=order.command,
    )


def _sampling(report: SamplingReport) -> Sampling:
    return Sampling(interval_ms=round(report.interval_p50_ms, 2), samples=report.samples, late=report.late_samples)


def _write_failures(run_dir: Path, seen: Observation) -> None:
    rows = [asdict(failure) for one in seen.imports for failure in one.failed]
    if rows:
        (run_dir / FAILURES).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
