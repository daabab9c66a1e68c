"""What Locust's own processes execute beside the users: one row a request, and stages that begin with their users.

Loaded by `locust -f` before any users, ours or somebody else's.
"""

import os
import time
from pathlib import Path
from typing import Any

import gevent
from locust import LoadTestShape, events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from harness.load.errand import ERRAND_VARIABLE, Errand, read_errand
from scenarios.load.conductor import Conductor, Mark, Wish
from scenarios.load.health_checks import be_the_platform
from scenarios.load.reaching import pin
from scenarios.load.session import BETWEEN, RowFile, Rows, Session
from scenarios.load.signing_in import keep_signed_in, sign_in_here

_FLUSH_S = 0.25
_LOOK_S = 1.0


@events.init.add_listener
def on_init(environment: Environment, **_: Any) -> None:
    """Set a process up as the one that leads, a worker, or both."""
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        session = Session(Rows(lambda rows: runner.send_message("rows", {"rows": rows})))
        runner.register_message("errand", lambda msg, **_: _take_errand(environment, msg.data))
        # Asked for, not sent when a worker connects: then it may come before anybody listens for it.
        gevent.spawn_later(0, lambda: runner.send_message("errand_wanted"))
    else:
        path = Path(os.environ[ERRAND_VARIABLE])
        text = path.read_text(encoding="utf-8")
        errand = read_errand(text, str(path))
        file = RowFile(Path(errand.rows_path))
        session = Session(Rows(file.write), worker=-1 if isinstance(runner, MasterRunner) else 0)
        if isinstance(runner, MasterRunner):
            _lead(runner, session, file, text)
    environment.halfgig = session  # type: ignore[attr-defined]
    if not isinstance(runner, WorkerRunner):
        _begin(session, errand, environment.host or "")
    _attach(environment, session)


def _lead(runner: MasterRunner, session: Session, file: RowFile, text: str) -> None:
    def tell(msg: Any, **_: Any) -> None:
        index = runner.get_worker_index(msg.node_id)
        runner.send_message("errand", {"errand": text, "worker": index}, msg.node_id)

    def count() -> None:
        while True:
            clients = runner.clients
            session.note("workers", there=len(clients.ready + clients.spawning + clients.running),
                         missing=len(clients.missing))  # fmt: skip
            gevent.sleep(_LOOK_S)

    runner.register_message("errand_wanted", tell)
    runner.register_message("rows", lambda msg, **_: file.write(msg.data["rows"]))
    gevent.spawn(count)


def _take_errand(environment: Environment, told: dict[str, Any]) -> None:
    session: Session = environment.halfgig  # type: ignore[attr-defined]
    session.worker = told["worker"]
    _begin(session, read_errand(told["errand"], "errand"), environment.host or "")


def _begin(session: Session, errand: Errand, host: str) -> None:
    pin(errand.pins)
    session.errand = errand
    _sign_in(session, host)
    session.ready = True
    boot = Path("/proc/sys/kernel/random/boot_id")
    told = boot.read_text().strip() if boot.exists() else ""
    session.note("hello", pid=os.getpid(), boot=told)


def _sign_in(session: Session, host: str) -> None:
    if session.worker < 0:
        return  # the one that leads has no users
    try:
        signed_in = sign_in_here(session, host)
    except Exception as error:  # the harness has to hear of it, whatever it is
        session.note("user_error", text=f"signing in: {type(error).__name__}: {error}"[:300])
        return
    if signed_in is not None:
        gevent.spawn(keep_signed_in, session, host, signed_in)


def _attach(environment: Environment, session: Session) -> None:
    """What every process does: rows of requests, of itself, and of what its users do wrong."""
    runner = environment.runner
    environment.events.request.add_listener(lambda **told: _on_request(session, **told))
    environment.events.user_error.add_listener(
        lambda exception, **_: session.note("user_error", text=f"{type(exception).__name__}: {exception}"[:500])
    )
    environment.events.quitting.add_listener(lambda **_: session.rows.flush())
    environment.events.test_stop.add_listener(lambda **_: session.rows.flush())
    if not isinstance(runner, MasterRunner):
        runner.register_message("stage", lambda msg, **_: _on_stage(environment, session, msg.data))
    gevent.spawn(_flush_now_and_then, session)
    gevent.spawn(_watch_itself, environment, session)


def _on_request(session: Session, **told: Any) -> None:
    now_s, ms = time.monotonic(), float(told["response_time"] or 0)
    error = told.get("exception")
    begun_s = now_s - ms / 1000
    session.rows.add(
        {
            "kind": "request",
            "t": told.get("start_time") or time.time() - ms / 1000,
            "m": begun_s,
            "name": told["name"],
            "ms": ms,
            "bytes": told.get("response_length") or 0,
            "error": f"{type(error).__name__}: {error}"[:300] if error else None,
            "stage": session.stage_at(begun_s),
            "worker": session.worker,
        }
    )


def _on_stage(environment: Environment, session: Session, told: dict[str, Any]) -> None:
    """A stage has begun, or none is on now."""
    now_s, stage = time.monotonic(), told["stage"]
    session.enter(stage, now_s)
    errand = session.told
    rate = errand.stages[stage].rate_per_s if stage != BETWEEN else None
    if rate is None:
        session.arrivals.end()
    else:
        own_rate = rate / errand.workers
        session.arrivals.begin(
            own_rate,
            now_s + session.worker / rate,
            lambda one: session.note("arrival", due=one.due_s, turned_away=True),
        )
    if session.worker == 0:
        be_the_platform(environment, session)


def _flush_now_and_then(session: Session) -> None:
    while True:
        gevent.sleep(_FLUSH_S)
        session.rows.flush()


def _watch_itself(environment: Environment, session: Session) -> None:
    """A row a second: how busy this process was, how late it woke up, how many users it has and how many are free."""
    parent = os.getppid()
    seen_s, cpu_s = time.monotonic(), time.process_time()
    while True:
        gevent.sleep(_LOOK_S)
        if os.getppid() != parent:
            os._exit(1)  # the harness is gone, and nobody else would end this load
        now_s, cpu_now_s = time.monotonic(), time.process_time()
        session.note(
            "generator",
            cpu=(cpu_now_s - cpu_s) / (now_s - seen_s),
            lag_ms=1000 * (now_s - seen_s - _LOOK_S),
            users=environment.runner.user_count if environment.runner else 0,
            free=session.arrivals.free,
        )
        seen_s, cpu_s = now_s, cpu_now_s


class Stages(LoadTestShape):
    """Locust asks it once a second how many users there should be."""

    def __init__(self) -> None:
        super().__init__()
        self._conductor: Conductor | None = None

    def tick(self) -> Wish | None:
        """What the stages wish for now; None ends the load."""
        runner = self.runner
        if runner is None or runner.environment is None:
            return None
        session: Session = runner.environment.halfgig  # type: ignore[attr-defined]
        errand = session.told
        if self._conductor is None:
            self._conductor = Conductor(errand.stages, errand.spawn_per_s, errand.ready_within_s, self._tell)
        return self._conductor.tick(runner.user_count, time.monotonic(), stopping=Path(errand.stop_path).exists())

    def _tell(self, mark: Mark) -> None:
        if self.runner is None:
            return
        session: Session = self.runner.environment.halfgig  # type: ignore[attr-defined]
        name = session.told.stages[mark.stage].name
        session.note("stage", place=mark.stage, name=name, state=mark.state, users=mark.users)
        self.runner.send_message("stage", {"stage": mark.stage if mark.state == "begin" else BETWEEN})
