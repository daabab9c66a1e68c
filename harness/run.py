"""ONE run: dependencies up, container up, import, observe, tear down, and the result of what was seen."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.containers.backends import choose, sweep_all
from harness.containers.container import Backend, Container, Launch
from harness.corpora.corpus import Corpus, deal, digest_of, first_documents, in_sizes
from harness.corpora.sources import load_corpus
from harness.dependencies.postgres import describe
from harness.dependencies.provider.ledger import read_shares
from harness.environment import Environment, open_environment
from harness.header import Held, header_of
from harness.journal import Clock, Journal
from harness.memory.sampler import SamplingReport
from harness.observation import Observation
from harness.outcome import run_result
from harness.provenance import revision_of
from harness.scenario import Scenario
from harness.service import free_port, launch_of, open_service, warm_page_cache
from harness.stored import digest_stored
from harness.watching import Subject, watch
from reports.progress import Progress
from reports.result import Header, Result, Sampling, write_result
from reports.run_directory import FAILURES, RESULT

Rounds = tuple[tuple[Corpus, ...], ...]
"""The corpora of each round of imports; those of one round are imported at once."""


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
    look: Callable[[Container], None] = lambda _container: None
    """Called with the container five times a second, by who wants to see more of it than its samples."""
    enough: Callable[[Progress], bool] = lambda _progress: False
    """Asked after each poll: True ends the run where it is."""


def run(order: Order) -> Result:
    """Do it, write the raw files and result.json into the run directory, and return the result."""
    scenario = order.scenario
    backend, _ = choose(scenario.backend, image=scenario.target.image)
    revision = revision_of(scenario)
    sweep_all()
    _tell(order, f"counting the documents of {scenario.corpus}")
    rounds = _rounds(scenario, order.run_dir)
    _tell(order, "starting Postgres and the provider stub")
    with open_environment(scenario.provider, order.run_dir, order.postgres_url) as environment:
        result = _run_in(order, backend, rounds, environment)
    result = replace(result, body=replace(result.body, revision=revision))
    write_result(order.run_dir / RESULT, result)
    return result


def _rounds(scenario: Scenario, run_dir: Path) -> Rounds:
    """What is imported one after another, each time in as many shares as are imported at once."""
    corpus, imports, cut_dir = load_corpus(scenario.corpus), scenario.imports, run_dir / "corpus"
    if scenario.documents is not None:
        corpus = first_documents(corpus, scenario.documents, cut_dir)
    if not imports.sizes:
        return (deal(corpus, imports.concurrent, cut_dir),) * imports.repeat
    parts = in_sizes(corpus, imports.sizes, cut_dir)
    return tuple(deal(part, imports.concurrent, cut_dir / str(place)) for place, part in enumerate(parts))


def _run_in(order: Order, backend: Backend, rounds: Rounds, environment: Environment) -> Result:
    scenario, run_dir, port = order.scenario, order.run_dir, free_port()
    launch = launch_of(scenario, environment, run_dir, port)
    _tell(order, f"warming the page cache for {scenario.target.name}")
    warm_page_cache(scenario, launch)
    _tell(order, f"starting {scenario.target.name} inside {backend.name}")
    journal = Journal(run_dir / "events.jsonl", order.clock)
    with open_service(scenario, launch, backend, port, journal) as service:
        subject = Subject(service, rounds, environment, run_dir, order.clock, order.show, order.look, order.enough)
        seen, sampling = watch(subject)
    _write_failures(run_dir, seen)
    ledger_shares = read_shares(environment.provider.ledger_path, [each.ledger_position for each in seen.rounds])
    sql = scenario.target.fingerprint_sql
    return run_result(
        scenario,
        seen,
        digest_stored(environment.database_url, sql) if sql else None,
        ledger_shares,
        _sampling(sampling),
        _header(order, backend, rounds, environment, launch),
    )


def _tell(order: Order, phase: str) -> None:
    order.show(Progress(phase, order.clock()))


def _header(order: Order, backend: Backend, rounds: Rounds, environment: Environment, launch: Launch) -> Header:
    held = Held(
        backend=backend.name,
        simulated=backend.simulated,
        postgres=describe(environment.server).text,
        corpus_digest=" ".join(digest_of(share) for share in _each_once(rounds)),
        target_env=launch.env,
        inside=backend.inside(launch),
    )
    header = header_of(order.scenario, held, order.command, order.started_at)
    return replace(header, duration_s=round(order.clock(), 3))


def _each_once(rounds: tuple[tuple[Corpus, ...], ...]) -> tuple[Corpus, ...]:
    return tuple(dict.fromkeys(share for shares in rounds for share in shares))


def _sampling(report: SamplingReport) -> Sampling:
    return Sampling(
        interval_ms=round(report.interval_p50_ms, 2),
        samples=report.samples,
        late=report.late_samples,
        cpu_share=round(report.cpu_s / report.span_s, 4) if report.span_s else None,
    )


def _write_failures(run_dir: Path, seen: Observation) -> None:
    rows = [asdict(failure) for one in seen.imports for failure in one.failed]
    if rows:
        (run_dir / FAILURES).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
