"""ONE crash cycle: a fresh database, the target up, crashed at each point, resumed to its end, and looked at."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.crash.closing import Closed, close_down
from harness.crash.database_view import DatabaseView
from harness.crash.evidence import FINISHED, Baseline, Billing, Disruption, Evidence
from harness.crash.faults.database_harmed import OWN_SERVER
from harness.crash.faults.fault import NotExercised, Struck
from harness.crash.faults.registry import find_fault
from harness.crash.ground import Ground, in_flight, migrated_template, own_server
from harness.crash.instances import open_instance
from harness.crash.poison import PoisonedInput
from harness.crash.scene import Scene
from harness.crash.timing import cold_first_commit, first_commits
from harness.crash.visitor import Visitor
from harness.dependencies.boundary.boundary import BoundarySettings
from harness.dependencies.boundary.points import CrashPoint
from harness.dependencies.boundary.recorder import Passage, Recorder
from harness.dependencies.boundary.tap import InTurn
from harness.dependencies.boundary.trap import Trap
from harness.dependencies.postgres import PostgresServer, fresh_database
from harness.dependencies.provider.ledger import OUTBOUND, UNKNOWN, read_lines
from harness.scenario import Scenario
from harness.service import Addresses, free_port

_LINGER_S = 1.0
"""How long after the end of an import a message may still come: what the queue writes behind it."""
_QUIET_S = 1.5
"""Silence after which no import that the client knows nothing of is expected to start: beyond the stall time-out."""
_SECOND_BOUND_S = 20.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What a cycle is given: the shared ground, its own scenario, and its points."""

    ground: Ground
    scenario: Scenario
    points: tuple[CrashPoint, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cycle hands on: what it saw, which points could not be done, and where its time went."""

    evidence: Evidence
    cycle_dir: Path
    """Its ledger, the target's log, and where the evidence of a failure is written to."""
    passages: tuple[Passage, ...]
    origin_t: float
    not_exercised: Mapping[str, str]
    """Point to why: never reached, or its fault did not happen."""
    cold_first_commit_s: float | None
    """From the first start to the first commit of its work, where nothing happened before that."""
    seconds: Mapping[str, float]


def run_cycle(setup: Setup, baseline: Baseline) -> Outcome:
    """Do all of it; what the target does wrong is evidence, and only the harness's own trouble raises."""
    recorder, origin_t = Recorder(), time.time()
    with open_scene(setup, recorder) as scene:
        disruptions, failures = _disrupt(scene, setup.points)
        finished = _finish(scene, recorder)
        closed = close_down(scene, _SECOND_BOUND_S)
    evidence = _evidence(setup, baseline, scene, tuple(disruptions), finished, closed, recorder, origin_t)
    return Outcome(
        evidence,
        scene.cycle_dir,
        tuple(recorder.passages),
        origin_t,
        {**{str(one): "it was never reached" for one in scene.trap.unfired}, **failures},
        cold_first_commit(evidence, recorder.passages, origin_t),
        scene.watch.seconds,
    )


@contextlib.contextmanager
def open_scene(setup: Setup, recorder: Recorder) -> Iterator[Scene]:
    """A fresh database, wires, and a started target with a client that begins to upload; all of it gone afterwards."""
    ground, scenario = setup.ground, setup.scenario
    trap, poison, cycle_dir = Trap(setup.points), PoisonedInput(), ground.new_cycle_dir()
    with contextlib.ExitStack() as opened:
        server, template_url = opened.enter_context(_server_for(setup, cycle_dir))
        database_url = opened.enter_context(fresh_database(server, template_url))
        settings = BoundarySettings(
            database_url,
            scenario.provider,
            cycle_dir / "ledger.jsonl",
            scenario.target.boundary.housekeeping,
            (poison,),
        )
        wires = opened.enter_context(ground.boundary.open_wires(settings, InTurn(recorder, trap)))
        addresses = Addresses(wires.database_url, wires.provider_url, free_port())
        instance = opened.enter_context(open_instance(scenario, ground.backend, addresses, cycle_dir, 1))
        visitor = Visitor(instance.client, wires.client, ground.corpus, scenario.crash.resumes)
        scene = Scene(
            ground, scenario, cycle_dir, server, DatabaseView(database_url, scenario.target), wires, trap,
            poison, visitor, instance, opened,
        )  # fmt: skip
        scene.start()
        visitor.start()
        yield scene


@contextlib.contextmanager
def _server_for(setup: Setup, cycle_dir: Path) -> Iterator[tuple[PostgresServer, str | None]]:
    """The server that all cycles share, or one of this cycle's own where a fault harms it."""
    ground = setup.ground
    if not any(point.fault in OWN_SERVER for point in setup.points):
        yield ground.server, ground.template_url
        return
    with own_server() as server, migrated_template(setup.scenario, server, cycle_dir) as template_url:
        yield server, template_url


def _disrupt(scene: Scene, points: Sequence[CrashPoint]) -> tuple[list[Disruption], dict[str, str]]:
    """Do the fault of each point when its message comes, until all are done or nothing comes any more."""
    disruptions: list[Disruption] = []
    failures: dict[str, str] = {}
    for point in points:
        with scene.watch.phase("work"):
            if not _wait_for_trap(scene):
                break
        held_t, fault = time.time(), find_fault(point.fault)
        try:
            with scene.watch.phase("fault"):
                struck = fault.strike(scene, point.message, point.edge)
        except NotExercised as error:
            failures[str(point)], struck = str(error), Struck()
        else:
            disruptions.append(
                Disruption(
                    held_t, point, struck.ended_process, struck.answers_lost, struck.documents_lost, struck.tamed
                )
            )
        scene.trap.arm_next()
    # What is left was not reached; held later, its message would hang what looks at the target afterwards.
    scene.trap.disarm()
    return disruptions, failures


def _wait_for_trap(scene: Scene) -> bool:
    """Whether a message is held, before the import is over and for a little after it."""
    trap, visitor, bound_s = scene.trap, scene.visitor, scene.scenario.crash.bound_s
    scene.wait_until(lambda: trap.sprung.is_set() or visitor.finished.is_set(), bound_s)
    if not trap.sprung.is_set() and visitor.finished.is_set():
        scene.wait_until(trap.sprung.is_set, _LINGER_S)
    return trap.sprung.is_set()


def _finish(scene: Scene, recorder: Recorder) -> bool:
    """Wait for the end of the import, no longer than the bound, and look at what is stored."""
    with scene.watch.phase("work"):
        finished = scene.wait_until(scene.visitor.finished.is_set, scene.scenario.crash.bound_s)
        scene.visitor.stop()
        scene.end_others()
        if sum(one.call == "upload" for one in scene.visitor.history) > 1:
            _wait_for_unknown_imports(scene, recorder)
    with scene.watch.phase("look"):
        scene.snapshot(FINISHED)
    return finished


def _wait_for_unknown_imports(scene: Scene, recorder: Recorder) -> None:
    """An upload whose answer was lost may be imported too: until nothing more is written, it is not over."""
    seen, since_s = 0, time.monotonic()

    def is_quiet() -> bool:
        nonlocal seen, since_s
        if len(recorder.passages) != seen:
            seen, since_s = len(recorder.passages), time.monotonic()
        return time.monotonic() - since_s > _QUIET_S

    scene.wait_until(is_quiet, scene.scenario.crash.bound_s)


def _evidence(
    setup: Setup, baseline: Baseline, scene: Scene, disruptions: tuple[Disruption, ...], finished: bool,  # noqa: FBT001
    closed: Closed, recorder: Recorder, origin_t: float,
) -> Evidence:  # fmt: skip
    visitor = scene.visitor
    lines = tuple(read_billings(scene))
    starts = tuple(
        sorted((one for each in (*scene.retired, scene.instance) for one in each.starts), key=lambda one: one.t)
    )
    fired = tuple(one.point for one in disruptions)
    return Evidence(
        points=setup.points,
        fired=fired,
        baseline=baseline,
        disruptions=disruptions,
        in_flight=in_flight(setup.scenario),
        job_ids=visitor.job_ids,
        history=visitor.history,
        resumes=visitor.resumes,
        ledger=tuple(one for one in lines if one.t <= closed.ledger_t),
        ledger_after=tuple(one for one in lines if one.t > closed.ledger_t),
        snapshots=tuple(scene.snapshots),
        starts=starts,
        last=visitor.last,
        failed=closed.failed,
        finished=finished,
        bound_s=setup.scenario.crash.bound_s,
        resume_of_finished=closed.resume_of_finished,
        second=closed.second,
        leaks=closed.leaks,
        limit_bytes=setup.scenario.limit_bytes,
        oom_kills=sum(each.container.counters().oom_kills for each in (*scene.retired, scene.instance)),
        first_commits_s=first_commits(starts[1:], visitor.resumes, recorder.passages, origin_t),
        problems=tuple(scene.wires.problems),
    )


def read_billings(scene: Scene) -> Iterator[Billing]:
    """The cycle's ledger, line by line."""
    for line in read_lines(scene.cycle_dir / "ledger.jsonl"):
        if line["endpoint"] not in (UNKNOWN, OUTBOUND):
            identities = tuple((line["endpoint"], line["model"], digest) for digest in line["inputs"])
            yield Billing(line["t"], line["message"], line["status"], line["billed"], identities)
