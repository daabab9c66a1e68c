"""A load run against a host of somebody: guarded, with its memory read from its metrics, and cleaned up afterwards."""

import contextlib
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx

from harness.client import Client
from harness.load.approval import Approved, recheck
from harness.load.assembling import memory_of, misses, result_of, rows_of, seen_of
from harness.load.cleanup import Cleaned, clean_up
from harness.load.documents import Material
from harness.load.drain import SETTLE_S, drain
from harness.load.during import Course, Watched, look_after
from harness.load.errand import Errand
from harness.load.generator import open_generator
from harness.load.guard import Resolver
from harness.load.live import Now, Pace
from harness.load.memory import Moments
from harness.load.order import LoadOrder, comparable, run_clock
from harness.load.origin import origin_of
from harness.load.pinned import open_pinned
from harness.load.preparing import make_errand, make_orders
from harness.load.prometheus import MetricsWatch, UnclearMetricsError
from harness.load.refusal import Refused
from harness.load.rows import ROWS
from harness.load.seen import LoadSeen
from harness.load.staging_plan import StagingPlan, secrets_of
from harness.load.standing_sign_in import StandingSignIn, sender
from reports.progress import Progress
from reports.result import Fingerprint, Header, LoadResult, Reason, Verdict, write_result
from reports.run_directory import RESULT, SAMPLES

_METRICS_PATH = "/metrics"
_QUIET_S = 2.5
_LATE_S = 5.0
"""How much longer than foreseen a load may take: each stage begins when its users are there."""


@dataclass(slots=True)
class _Ground:
    """What a load on a host has; used by one thread."""

    approved: Approved
    staging: StagingPlan
    resolver: Resolver
    client: Client
    errand: Errand
    secrets: tuple[str, ...]
    metrics: MetricsWatch | None = None
    notes: list[str] = field(default_factory=list)


def run_remote(order: LoadOrder, approved: Approved, material: Material, resolver: Resolver) -> LoadResult:
    """Do it, write the raw files and result.json into the run directory, and return the result."""
    staging = order.scenario.staging
    order = replace(order, plan=replace(order.plan, uploads_most=approved.uploads_most))
    with _ground(order, approved, material, resolver) as ground:
        cleaned = Cleaned(0, ())
        try:
            seen = _observe(order, ground)
        finally:
            # What was created is removed however the run ended.
            cleaned = _clean(order, ground)
        limit = _limit_bytes(ground)
        header = _header(order, approved, material, limit)
        result = result_of(order, seen, header, str(approved.host.origin), ground.notes)
    result = _with_leftovers(result, cleaned, allowed=staging.guard.accept_leftovers)
    write_result(order.run_dir / RESULT, result)
    return result


@contextlib.contextmanager
def _ground(order: LoadOrder, approved: Approved, material: Material, resolver: Resolver) -> Iterator[_Ground]:
    staging = order.scenario.staging
    secrets = secrets_of(staging.sign_in)
    errand = replace(
        make_errand(order, material),
        sign_in=staging.sign_in,
        tls=staging.tls,
        pins=approved.pins,
    )
    with (
        _signed_in(approved, staging, secrets) as auth,
        open_pinned(approved.host, approved.pins, staging.tls, auth) as http,
    ):
        client = Client(http, order.scenario.target.http)
        ground = _Ground(approved, staging, resolver, client, errand, secrets)
        with _metrics(order, ground):
            yield ground


@contextlib.contextmanager
def _metrics(order: LoadOrder, ground: _Ground) -> Iterator[None]:
    wanted, approved = ground.staging.metrics, ground.approved
    if wanted is None:
        ground.notes.append("memory: the scenario has no [metrics], so nothing is known of it")
        yield
        return
    parts = urlsplit(wanted.url)
    origin = origin_of(wanted.url) if parts.netloc else approved.host.origin
    pinned = next(one for one in approved.pinned if one.origin == origin)
    # Secrets for the host go to the host alone.
    auth = ground.client.http.auth if origin == approved.host.origin else None
    with open_pinned(pinned, approved.pins, ground.staging.tls, auth) as http:
        path = (parts.path or _METRICS_PATH) + (f"?{parts.query}" if parts.query else "")
        ground.metrics = MetricsWatch(http, path, wanted, order.run_dir / SAMPLES, order.clock)
        try:
            ground.metrics.start()
        except (httpx.HTTPError, UnclearMetricsError) as error:
            raise Refused(f"the memory of {origin} cannot be read: {error}") from None
        try:
            yield
        finally:
            ground.metrics.stop()


def _observe(order: LoadOrder, ground: _Ground) -> LoadSeen:
    ready_s = order.clock()
    time.sleep(_QUIET_S)
    recheck(ground.approved.pinned, ground.resolver)
    begin_s = order.clock()
    course = _under_load(order, ground)
    rows = rows_of(order)
    order.tell("waiting for imports that are under way")
    ends, drained = drain(ground.client, rows.imports, order.plan.drain_s)
    time.sleep(SETTLE_S)
    moments = Moments(ready_s, begin_s, order.clock() if drained else None, order.clock())
    seen = replace(seen_of(order, course, rows, _limit_bytes(ground)), ends=ends, drained=drained)
    if ground.metrics is None:
        return seen
    ground.metrics.stop()
    source = ground.staging.metrics.url if ground.staging.metrics and ground.staging.metrics.url else _METRICS_PATH
    return replace(seen, unread=ground.metrics.unread, memory=memory_of(order, seen, moments, source))


def _under_load(order: LoadOrder, ground: _Ground) -> Course:
    orders, pace = make_orders(order, ground.errand, str(ground.approved.host.origin), ground.secrets), Pace()
    with open_generator(orders) as generator:
        return look_after(
            Watched(
                plan=order.plan,
                generator=generator,
                rows_path=order.run_dir / ROWS,
                clock=run_clock(order),
                service=None,
                memory_bytes=lambda: _memory_now(ground),
                limit_bytes=_limit_bytes(ground),
                restart=False,
                show=lambda now, stage: _show(order, ground, now, stage),
                misses=lambda place: misses(order, place),
                died=lambda: None,
                stop=lambda now: _why_stop(ground, pace, order.clock(), now.requests),
            )
        )


def _why_stop(ground: _Ground, pace: Pace, now_s: float, requests: int) -> str | None:
    """What ends the load at once: a cap, or metrics that say two things or nothing."""
    metrics, caps = ground.metrics, ground.staging.guard.caps
    requests_per_s = pace.per_s(now_s, requests)
    if pace.loaded_s(now_s) > caps.seconds + _LATE_S:
        return f"its users have taken so long to gather that it would last longer than the cap of {caps.seconds:g} s"
    if requests_per_s > caps.rate_per_s:
        return f"{requests_per_s:.1f} requests a second were made, and the cap is {caps.rate_per_s:g}"
    if metrics is None:
        return None
    if metrics.replicas_changed is not None:
        return metrics.replicas_changed
    price = caps.price_per_million_tokens or 0.0
    if price and metrics.unread is not None:
        return f"what is spent cannot be followed any more: {metrics.unread}"
    spent = metrics.billed * ground.approved.estimate.tokens_per_input / 1_000_000 * price
    return f"the provider has been asked for {spent:.4f}, and the cap is {caps.spend:g}" if spent > caps.spend else None


@contextlib.contextmanager
def _signed_in(approved: Approved, staging: StagingPlan, secrets: tuple[str, ...]) -> Iterator[httpx.Auth | None]:
    if staging.sign_in is None:
        yield None
        return
    with open_pinned(approved.host, approved.pins, staging.tls) as http:
        yield StandingSignIn(staging.sign_in, {name: os.environ[name] for name in secrets}, sender(http))


def _clean(order: LoadOrder, ground: _Ground) -> Cleaned:
    if ground.client.contract.delete is None:
        return Cleaned(0, tuple(one.job_id for one in rows_of(order).imports))
    order.tell("removing what was created")
    cleaned = clean_up(ground.client, [one.job_id for one in rows_of(order).imports], ground.errand.prefix)
    order.tell(f"{cleaned.removed} imports removed, {len(cleaned.left)} left")  # an interrupted load has no result
    return cleaned


def _with_leftovers(result: LoadResult, cleaned: Cleaned, *, allowed: bool) -> LoadResult:
    """Say what was removed; what was to be removed and is still there fails the run."""
    notes = (*result.body.notes, f"clean-up: {cleaned.removed} imports removed, {len(cleaned.left)} left")
    result = replace(result, body=replace(result.body, notes=notes))
    if not cleaned.left or allowed:
        return result
    reason = Reason("not_cleaned_up", f"{len(cleaned.left)} imports could not be removed: {cleaned.left[0]}.")
    verdict = Verdict.FAIL if result.header.verdict is Verdict.PASS else result.header.verdict
    return replace(result, header=replace(result.header, verdict=verdict, reasons=(*result.header.reasons, reason)))


def _memory_now(ground: _Ground) -> int | None:
    latest = ground.metrics.latest if ground.metrics else None
    return int(latest.memory_bytes) if latest else None


def _limit_bytes(ground: _Ground) -> int | None:
    latest = ground.metrics.latest if ground.metrics else None
    return int(latest.limit_bytes) if latest and latest.limit_bytes else None


def _show(order: LoadOrder, ground: _Ground, now: Now, stage: str) -> None:
    order.show(
        Progress(
            phase=f"load: {stage}",
            elapsed_s=order.clock(),
            stage=f"{now.users} users, {now.requests} requests, {now.errors} errors",
            memory_bytes=_memory_now(ground),
            limit_bytes=_limit_bytes(ground),
        )
    )


def _header(order: LoadOrder, approved: Approved, material: Material, limit_bytes: int | None) -> Header:
    binding = {"host": str(approved.host.origin), **comparable(order), "corpus": material.digest}
    return Header(
        verdict=Verdict.INVALID,
        reasons=(),
        scenario=order.scenario.name,
        target=order.scenario.target.name,
        backend="remote",
        simulated=False,
        limit_bytes=limit_bytes,
        budget_bytes=None,
        knobs={},
        fingerprint=Fingerprint(binding, {"generator_kernel": platform.release(), "generator_cpus": os.cpu_count()}),
        started_at=order.started_at.isoformat(timespec="seconds"),
        duration_s=None,
        command=order.command,
    )
