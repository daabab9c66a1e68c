"""A traced run: the same run once more, with the target started by the launcher that lets memray record it."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from harness.containers.backends import choose
from harness.containers.docker_inside import run_inside
from harness.containers.doctor import DISK_FOLDER, filesystem_of
from harness.errors import HalfgigError
from harness.journal import Clock
from harness.memory.explanation import Seen, anon_of, explain
from harness.memory.idle import Idle, look_idle, look_idle_inside
from harness.memory.mappings import PeakWatch
from harness.memory.moments import read_moments
from harness.memory.traced_image import traceable_in_image
from harness.memory.traced_target import Untraceable, traced_target
from harness.run import Order, run
from harness.scenario import Scenario
from harness.service import Addresses, launch_at
from reports.observations import read_events, read_samples
from reports.progress import Progress
from reports.result import Result
from reports.run_directory import EVENTS, SAMPLES
from reports.trace import TRACE, Mode, Trace, write_trace

CAPTURE = "capture.bin"
_IN_MEMORY = ("tmpfs", "ramfs")
_NOWHERE = Addresses("postgresql://127.0.0.1:1/none", "http://127.0.0.1:1", 1)
"""Stands for the environment of a run where only the target's interpreter is started."""


class UntraceableError(HalfgigError):
    """The target cannot be traced; the message says why."""


def traced_run(order: Order, mode: Mode) -> Trace:
    """Do the run that `order` asks for, traced, in its run directory; the trace is also kept there as trace.json."""
    fresh = _ready(order)
    return _explained(fresh, _recorded(fresh, mode, idle_of(fresh.scenario, fresh.run_dir)), None)


def explained_run(order: Order, mode: Mode, flamegraph: Path) -> Trace:
    """The same with the account of the peak in the trace, and memray's flame graph of it."""
    fresh = _ready(order)
    idle = idle_of(fresh.scenario, fresh.run_dir)
    watch = PeakWatch(fresh.clock)
    seen = _recorded(replace(fresh, look=watch), mode, idle)
    return _explained(fresh, replace(seen, look=watch.best), flamegraph)


def _recorded(order: Order, mode: Mode, idle: Idle) -> Seen:
    """Do the run, with its capture left in the run directory."""
    with _capture_on_disk(order.run_dir) as capture:
        result = run(replace(order, scenario=_traced(order.scenario, capture, mode)))
    return _seen(order, result, idle)


def _ready(order: Order) -> Order:
    """The same order with a target that can be traced, and as of now: its time begins with this run."""
    scenario = _traceable(order.scenario, order.run_dir)
    return replace(order, scenario=scenario, clock=Clock(), started_at=datetime.now(UTC))


def _explained(order: Order, seen: Seen, flamegraph: Path | None) -> Trace:
    order.show(Progress("reading what memray captured", order.clock()))
    trace = explain(order.run_dir / CAPTURE, seen, flamegraph)
    write_trace(order.run_dir / TRACE, trace)
    return trace


def idle_of(scenario: Scenario, run_dir: Path) -> Idle:
    """The target's interpreter before it runs anything; UntraceableError where memray cannot trace it."""
    name, ours = scenario.target.name, version("memray")
    backend = choose(scenario.backend, image=scenario.target.image)[0]
    launch = launch_at(scenario, _NOWHERE, run_dir)
    idle = look_idle_inside(launch, run_inside) if backend.needs_image else look_idle(launch)
    if isinstance(idle, Untraceable):
        raise UntraceableError(f"{name} cannot be traced: {idle.reason}")
    if idle.memray != ours:
        only = f"halfgig's is {ours}, and a capture is read by the version that wrote it"
        raise UntraceableError(f"{name} cannot be traced: its memray is {idle.memray}; {only}")
    return idle


def _traceable(scenario: Scenario, run_dir: Path) -> Scenario:
    """The scenario with memray mounted into the target's image, where it is started from one."""
    backend = choose(scenario.backend, image=scenario.target.image)[0]
    inside = backend.inside(launch_at(scenario, _NOWHERE, run_dir))
    if inside is None:
        return scenario
    target = traceable_in_image(scenario.target, inside)
    if isinstance(target, Untraceable):
        raise UntraceableError(f"{scenario.target.name} cannot be traced: {target.reason}")
    return replace(scenario, target=target)


def _traced(scenario: Scenario, capture: Path, mode: Mode) -> Scenario:
    """The scenario with its target traced; a kill ends it, so that one capture holds the bytes that killed it."""
    target = traced_target(scenario.target, capture, mode)
    if isinstance(target, Untraceable):
        raise UntraceableError(f"{scenario.target.name} cannot be traced: {target.reason}")
    return replace(scenario, target=target, restart="no")


@contextmanager
def _capture_on_disk(run_dir: Path) -> Iterator[Path]:
    """Where the capture is written: the run directory, unless that is memory, which would count as the target's."""
    if filesystem_of(run_dir.resolve(), Path("/proc/self/mountinfo").read_text()) not in _IN_MEMORY:
        yield (run_dir / CAPTURE).resolve()
        return
    elsewhere = DISK_FOLDER / f"halfgig-capture-{secrets.token_hex(6)}.bin"
    try:
        yield elsewhere
        shutil.move(elsewhere, run_dir / CAPTURE)
    finally:
        elsewhere.unlink(missing_ok=True)


def _seen(order: Order, result: Result, idle: Idle) -> Seen:
    events = tuple(read_events(order.run_dir / EVENTS))
    anon = anon_of(read_samples(order.run_dir / SAMPLES), events)
    return Seen(
        started_s=order.started_at.timestamp(),
        moments=read_moments(events),
        peak=anon.peak,
        anon_bytes=anon.anon_bytes,
        ready_bytes=anon.ready_bytes,
        idle=idle,
        cpu_s=result.body.cpu_s,
        oom_kills=result.body.oom_kills,
        revision=result.body.revision,
    )
