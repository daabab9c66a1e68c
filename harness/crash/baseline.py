"""The uncrashed run that crash points are enumerated from, and that every cycle is compared with."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.crash.closing import close_down
from harness.crash.cycle import Setup, open_scene, read_billings
from harness.crash.evidence import FINISHED, Baseline
from harness.crash.ground import Ground
from harness.crash.timing import first_commit
from harness.dependencies.boundary.messages import Edge, Message
from harness.dependencies.boundary.points import enumerate_points
from harness.dependencies.boundary.recorder import Recorder
from harness.errors import TargetError
from harness.scenario import Scenario

_TRAILING_S = 0.6
"""Messages may follow the end of an import: the queue's own."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A scenario's uncrashed run, and the points that it has."""

    scenario: Scenario
    baseline: Baseline
    points: Sequence[tuple[Message, Edge]]


def record(ground: Ground, scenario: Scenario) -> Recorded:
    """Run the import without any fault; TargetError when it does not even then complete."""
    recorder, origin_t = Recorder(), time.time()
    with open_scene(Setup(ground, scenario, ()), recorder) as scene:
        finished = scene.wait_until(scene.visitor.finished.is_set, scene.scenario.crash.bound_s)
        time.sleep(_TRAILING_S)
        passages = tuple(recorder.passages)
        scene.visitor.stop()
        seen = scene.snapshot(FINISHED)
        last = scene.visitor.last
        if not finished or last is None or not last.state.startswith("completed"):
            raise TargetError(f"the import does not even complete uncrashed: {last}; see {scene.instance.log_path}")
        ready_s = scene.instance.ready_t - scene.instance.started_t
        closed = close_down(scene, scene.scenario.crash.bound_s)
        seconds = sum(scene.watch.seconds.values())
        lines = tuple(read_billings(scene))
    uploaded_t = scene.visitor.history[0].t
    commit_t = first_commit(passages, origin_t, uploaded_t)
    baseline = Baseline(
        stored=seen.stored,
        facts=seen.facts,
        identities=frozenset(one for line in lines if line.t <= closed.ledger_t for one in line.identities),
        last=last,
        documents=ground.corpus.documents,
        messages=passages,
        connections_idle=closed.leaks.connections_idle if closed.leaks else 0,
        first_commit_s=None if commit_t is None else ready_s + commit_t - uploaded_t,
        seconds=seconds,
    )
    return Recorded(scenario, baseline, enumerate_points((one.message, one.edge) for one in passages))
