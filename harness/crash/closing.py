"""The end of a cycle: a finished import is resumed once more, a small one is imported, and nothing may be left over."""

import signal
import time
from dataclasses import dataclass

import httpx

from harness.client import FailedDocument, failed_documents
from harness.containers.processes import read_command
from harness.crash.evidence import RESUMED_AGAIN, USED_AGAIN, Leaks, Resume, SecondImport
from harness.crash.instances import left_files
from harness.crash.scene import Scene
from harness.errors import TargetError

_ENDS_WITHIN_S = 8.0
_GONE_WITHIN_S = 2.0
_IDLE_WITHIN_S = 1.0
_LOOK_EVERY_S = 0.03


@dataclass(frozen=True, slots=True)
class Closed:
    """What was seen at the end; None where the cycle did not get that far."""

    ledger_t: float
    """When the cycle's own import was over: what is billed later belongs to the small one."""
    failed: tuple[FailedDocument, ...]
    resume_of_finished: Resume | None
    second: SecondImport | None
    leaks: Leaks | None


def close_down(scene: Scene, second_bound_s: float) -> Closed:
    """Do all of it, and end the target."""
    failed = _failed(scene)
    resumed = None
    with scene.watch.phase("checks"):
        last = scene.visitor.last
        if last is not None and last.state.startswith("completed") and scene.scenario.target.http.resume:
            resumed = scene.visitor.resume_finished()
            scene.snapshot(RESUMED_AGAIN)
        ledger_t = time.time()
        second = _second(scene, second_bound_s)
        scene.snapshot(USED_AGAIN)
    with scene.watch.phase("stop"):
        leaks = _leaks(scene)
    return Closed(ledger_t, failed, resumed, second, leaks)


def _failed(scene: Scene) -> tuple[FailedDocument, ...]:
    job_ids = scene.visitor.job_ids
    try:
        return tuple(failed_documents(scene.instance.client, job_ids[-1])) if job_ids else ()
    except (httpx.TransportError, TargetError):
        return ()


def _second(scene: Scene, bound_s: float) -> SecondImport:
    started_s = time.monotonic()
    told = scene.visitor.import_second(scene.ground.second, started_s + bound_s)
    return SecondImport(
        scene.ground.second.documents,
        told.state if told else None,
        told.documents_done if told else None,
        time.monotonic() - started_s,
    )


def _leaks(scene: Scene) -> Leaks:
    instance = scene.instance
    instance.sample()
    in_transaction = _open_transactions(scene)
    idle, children = scene.wires.database_connections, tuple(read_command(pid) for pid in instance.children)
    instance.container.signal(signal.SIGTERM)
    ended = instance.wait(_ENDS_WITHIN_S)
    if ended is None:
        instance.kill()
    return Leaks(
        connections_idle=idle,
        open_transactions=in_transaction,
        child_processes=children,
        connections_after=scene.view.wait_empty(_GONE_WITHIN_S),
        locks_after=scene.view.locks(),
        temporary_files=left_files(instance.temporary_dir),
        exit_status=ended.code if ended else None,
    )


def _open_transactions(scene: Scene) -> int:
    """Sessions that stay in a transaction; what the target does by the clock is over at the next look."""
    fewest = scene.view.sessions()[1]
    deadline_s = time.monotonic() + _IDLE_WITHIN_S
    while fewest and time.monotonic() < deadline_s:
        time.sleep(_LOOK_EVERY_S)
        fewest = min(fewest, scene.view.sessions()[1])
    return fewest
