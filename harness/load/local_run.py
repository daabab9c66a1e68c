"""A load run against a service of our own, inside a container whose memory is watched from outside."""

import json
import time
from dataclasses import asdict, dataclass, replace

from harness.containers.backends import choose, sweep_all
from harness.containers.container import Backend, Launch
from harness.crash.oracle.judgement import Judged
from harness.dependencies.postgres import describe
from harness.dependencies.provider.ledger import read_ledger, read_lines
from harness.environment import Environment, open_environment
from harness.header import Held, header_of
from harness.journal import Journal
from harness.load.assembling import memory_of, misses, result_of, rows_of, seen_of
from harness.load.crash_oracle import Oracle
from harness.load.documents import Material, digests_of
from harness.load.drain import SETTLE_S, drain
from harness.load.during import Course, Watched, look_after
from harness.load.errand import Errand
from harness.load.generator import open_generator
from harness.load.live import Now
from harness.load.memory import Moments
from harness.load.order import LoadOrder, comparable, run_clock
from harness.load.preparing import make_errand, make_orders
from harness.load.rows import ROWS
from harness.load.seen import JobEnd, LoadSeen, Provided
from harness.memory.sampler import INTERVAL_MS, Observer, Sampler
from harness.service import Service, free_port, launch_of, open_service, start, warm_page_cache
from harness.watching import connection_watch
from reports.progress import Progress
from reports.result import Header, LoadResult, write_result
from reports.run_directory import EVENTS, RESULT, SAMPLES

LOOKS_FOR_CONNECTIONS_EVERY = 20
_HOST = "127.0.0.1"
_QUIET_S = 2.5
"""How long the ready service is left alone, so that its memory before the load is known."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a load run on this machine has: all of it up."""

    service: Service
    environment: Environment
    errand: Errand
    sampler: Sampler
    oracle: Oracle | None


def run_local(order: LoadOrder, material: Material) -> LoadResult:
    """Do it, write the raw files and result.json into the run directory, and return the result."""
    scenario = order.scenario
    backend, _ = choose(scenario.backend, image=scenario.target.image)
    sweep_all()
    order.tell("starting Postgres and the provider stub")
    with open_environment(scenario.provider, order.run_dir, order.postgres_url) as environment:
        port = free_port()
        launch = launch_of(scenario, environment, order.run_dir, port)
        warm_page_cache(scenario, launch)
        journal = Journal(order.run_dir / EVENTS, order.clock)
        with open_service(scenario, launch, backend, port, journal) as service:
            # Nobody's users, whoever wrote them, reach anything but this service.
            errand = replace(make_errand(order, material), pins={f"{_HOST}:{port}": (_HOST,)})
            seen = _observe(order, service, environment, errand)
        header = _header(order, backend, material, environment, launch)
        result = result_of(order, seen, header, None, service.container.notes)
    write_result(order.run_dir / RESULT, result)
    return result


def _observe(order: LoadOrder, service: Service, environment: Environment, errand: Errand) -> LoadSeen:
    outbound: set[str] = set()
    sampler = Sampler(
        service.container,
        order.run_dir / SAMPLES,
        origin_s=order.clock.started_s,
        interval_ms=INTERVAL_MS,
        observers=(Observer(LOOKS_FOR_CONNECTIONS_EVERY, connection_watch(service, environment, outbound)),),
    )
    oracle = Oracle(order.scenario, environment.database_url) if order.plan.kills else None
    ground = _Ground(service, environment, errand, sampler, oracle)
    sampler.start()  # before the service: the peak of its start counts
    try:
        seen, moments = _load(order, ground)
    finally:
        sampler.stop()
    return replace(
        seen,
        memory=memory_of(order, seen, moments, "samples"),
        invariants=_invariants(ground, seen, seen.ends),
        outbound=tuple(sorted(outbound)),
        provided=_provided(environment, errand),
    )


def _load(order: LoadOrder, ground: _Ground) -> tuple[LoadSeen, Moments]:
    """Start the service, load it, and wait until nothing is under way any more."""
    order.tell(f"starting {order.scenario.target.name}")
    start(ground.service)
    ready_s = order.clock()
    time.sleep(_QUIET_S)
    begin_s = order.clock()
    course = _under_load(order, ground)
    rows = rows_of(order)
    order.tell("waiting for imports that are under way")
    within_s = order.plan.drain_s if course.gone is None else 0.0
    ends, drained = drain(ground.service.client, rows.imports, within_s)
    time.sleep(SETTLE_S)
    moments = Moments(ready_s, begin_s, order.clock() if drained else None, order.clock())
    counters = ground.service.container.counters()
    seen = seen_of(order, course, rows, order.scenario.limit_bytes)
    return replace(seen, ends=ends, drained=drained, oom_kills=counters.oom_kills, killed=counters.killed), moments


def _under_load(order: LoadOrder, ground: _Ground) -> Course:
    host = f"http://{_HOST}:{ground.service.port}"
    with open_generator(make_orders(order, ground.errand, host, ())) as generator:
        return look_after(
            Watched(
                plan=order.plan,
                generator=generator,
                rows_path=order.run_dir / ROWS,
                clock=run_clock(order),
                service=ground.service,
                memory_bytes=lambda: ground.sampler.latest.unreclaimable_bytes,
                limit_bytes=order.scenario.limit_bytes,
                restart=order.scenario.restart == "on-failure",
                show=lambda now, stage: _show(order, ground.sampler, now, stage),
                misses=lambda place: misses(order, place),
                died=ground.oracle.look if ground.oracle else lambda: None,
            )
        )


def _invariants(ground: _Ground, seen: LoadSeen, ends: tuple[JobEnd, ...]) -> tuple[Judged, ...]:
    if ground.oracle is None:
        return ()
    queries = digests_of(ground.errand.queries)
    return ground.oracle.judge(seen, ground.environment.provider.ledger_path, ends, queries)


def _provided(environment: Environment, errand: Errand) -> Provided:
    path, searches = environment.provider.ledger_path, digests_of(errand.queries)
    ledger = read_ledger(path)
    billed = (line for line in read_lines(path) if line["billed"])
    new = {(line["endpoint"], line["model"], digest) for line in billed for digest in line["inputs"]}
    uploads = sum(digest not in searches for _, _, digest in new)
    return Provided(uploads, ledger.unknown_endpoints, ledger.outbound)


def _show(order: LoadOrder, sampler: Sampler, now: Now, stage: str) -> None:
    order.show(
        Progress(
            phase=f"load: {stage}",
            elapsed_s=order.clock(),
            stage=f"{now.users} users, {now.requests} requests, {now.errors} errors",
            memory_bytes=sampler.latest.unreclaimable_bytes,
            peak_bytes=sampler.peaks.unreclaimable_bytes,
            budget_bytes=order.scenario.budget_bytes,
            limit_bytes=order.scenario.limit_bytes,
        )
    )


def _header(order: LoadOrder, backend: Backend, material: Material, environment: Environment, launch: Launch) -> Header:
    held = Held(
        backend=backend.name,
        simulated=backend.simulated,
        postgres=describe(environment.server).text,
        corpus_digest=material.digest,
        target_env=launch.env,
        inside=backend.inside(launch),
    )
    header = header_of(order.scenario, held, order.command, order.started_at)
    taken = header.fingerprint
    stub = json.dumps(asdict(order.scenario.provider), sort_keys=True)
    return replace(header, fingerprint=replace(taken, binding={**taken.binding, **comparable(order), "provider": stub}))
