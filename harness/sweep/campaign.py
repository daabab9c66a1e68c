"""A sweep from its start to its last trial: storage and study found, the ground opened, and taken part in."""

import hashlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from harness.containers.backends import choose
from harness.corpora.corpus import digest_of
from harness.corpora.sources import load_corpus
from harness.dependencies.postgres import connect_to, describe
from harness.header import Held, inside_of
from harness.scenario import Scenario
from harness.sweep.ground import Ground, open_ground
from harness.sweep.participant import Part, Standing, Strategy, take_part
from harness.sweep.running import Settings, run_trial
from harness.sweep.storage import open_storage, shown, storage_url
from harness.sweep.study import Study, Taken
from harness.sweep.trial import Measured, Trial
from reports.progress import Progress

GENEROUS_BYTES = 2 * 2**30
_CLOSED, _LIFTED = "closed", "lifted_bytes"
_END_S = 3.0
"""What a report takes: kept back of the time that a sweep has."""


@dataclass(frozen=True, slots=True)
class SweepOrder:
    """One sweep that was asked for."""

    scenario: Scenario
    run_dir: Path
    runs_dir: Path
    postgres_url: str | None
    storage: str | None
    command: str
    strategy: Callable[[int], Strategy]
    """Made of the generous limit, which all participants have in common."""
    axes: Mapping[str, Sequence[str]]
    show: Callable[[Standing], None]
    show_trial: Callable[[Progress], None]
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """What is known when the sweep has ended, by itself or not."""

    study: str
    storage: str
    strategy: Strategy
    lifted_bytes: int
    trials: tuple[Trial, ...]
    complete: bool
    interrupted: bool
    held: Held


def run_sweep(order: SweepOrder) -> Swept:
    """Take part in the study of this order until it is complete, the time is over, or Ctrl-C."""
    started_s = time.monotonic()
    url = storage_url(order.storage, order.runs_dir)
    study = _open_study(order, url)
    lifted_bytes = _lifted_bytes(study, order.scenario)
    strategy = order.strategy(lifted_bytes)
    backend, _ = choose(order.scenario.backend, image=order.scenario.target.image)
    complete, interrupted, postgres = False, False, ""
    try:
        with open_ground(order.scenario, order.run_dir, order.postgres_url) as ground:
            postgres = describe(connect_to(ground.postgres_url)).text
            parts = _parts(order, study, strategy, ground, started_s)
            complete = take_part_together(parts)
    except KeyboardInterrupt:
        interrupted = True
    if complete:
        study.note(_CLOSED, datetime.now(UTC).isoformat(timespec="seconds"))
    trials = study.done()
    study.close()
    corpus_digest = digest_of(load_corpus(order.scenario.corpus))
    inside = inside_of(backend, order.scenario, order.run_dir)
    held = Held(backend.name, backend.simulated, postgres, corpus_digest, inside=inside)
    return Swept(study.name, shown(url), strategy, lifted_bytes, trials, complete, interrupted, held)


def take_part_together(parts: Sequence[Part]) -> bool:
    """Several participants in threads beside each other; whatever ends one ends all."""
    with ThreadPoolExecutor(max(1, len(parts) - 1), "participant") as pool:
        others = [pool.submit(take_part, one) for one in parts[1:]]
        try:
            complete = take_part(parts[0])
            return all(one.result() for one in others) and complete
        finally:
            for one in parts:
                one.stopped.set()


def _parts(order: SweepOrder, study: Study, strategy: Strategy, ground: Ground, started_s: float) -> list[Part]:
    """As many participants as trials are to run beside each other; the first one is shown."""
    plan = order.scenario.sweep
    deadline_s = None if plan.for_s is None else started_s + plan.for_s - _END_S
    parts = []
    for number in range(plan.parallel):
        own = study if number == 0 else _join(order, study.url, study.name)
        settings = Settings(
            order.scenario, ground, order.command, plan.early_stopping, _not_shown if number else order.show_trial
        )
        show = _not_shown if number else order.show
        parts.append(Part(own, strategy, partial(_run, settings, order.run_dir), show, deadline_s))
    return parts


def _run(settings: Settings, run_dir: Path, taken: Taken, is_over: Callable[[], bool]) -> Measured:
    return run_trial(settings, taken.task, run_dir / "trials" / f"{taken.number:04d}", is_over)


def _not_shown(_: object) -> None:
    pass


def _join(order: SweepOrder, url: str, name: str) -> Study:
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    return Study(open_storage(url), name, order.axes, owner, order.scenario.sweep.stale_s)


def _open_study(order: SweepOrder, url: str) -> Study:
    """The study of this order: the one that is still open, or else a new one."""
    name = f"{order.scenario.name}-{_digest(order)}"
    generation = 1
    while True:
        study = _join(order, url, name if generation == 1 else f"{name}-{generation}")
        is_open = study.read(_CLOSED) is None
        if is_open and not (order.fresh and study.finished()):
            return study
        generation += 1


def _lifted_bytes(study: Study, scenario: Scenario) -> int:
    """The generous limit: the first participant's choice is everybody's."""
    told = study.read(_LIFTED)
    if told is None:
        whole_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        told = str(
            max(scenario.limit_bytes, min(max(4 * scenario.limit_bytes, GENEROUS_BYTES), int(0.8 * whole_bytes)))
        )
        study.note(_LIFTED, told)
    return int(told)


def _digest(order: SweepOrder) -> str:
    """What makes two commands the same: everything that a trial depends on, but no folder of this machine."""
    scenario = order.scenario
    plain: dict[str, Any] = asdict(replace(scenario, sweep=replace(scenario.sweep, for_s=None, verify=1, parallel=1)))
    plain["target"] = {**plain["target"], "path": scenario.target.path.name}
    plain["corpus"] = PurePath(scenario.corpus).name
    plain["axes"] = dict(order.axes)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:10]
