"""The users: each does what people do with an import service, as the errand says how often and how fast."""

import random
import time
from urllib.parse import quote

import gevent
from locust import task
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment

from harness.load.errand import Habit
from harness.load.tls import tls_context
from scenarios.load.arrivals import Arrival
from scenarios.load.calls import call
from scenarios.load.importing import Importing
from scenarios.load.session import Session

_FINISHED_MOST = 20


class Person(FastHttpUser):
    """Somebody who uploads, waits, searches and browses."""

    insecure = False

    def __init__(self, environment: Environment) -> None:
        self._session: Session = environment.halfgig  # type: ignore[attr-defined]
        errand = self._session.wait_for_errand()
        self.network_timeout = self.connection_timeout = errand.request_timeout_s
        self.ssl_context_factory = lambda: tls_context(errand.tls)
        super().__init__(environment)
        number = self._session.next_person()
        self._rng = random.Random(f"{errand.seed} {self._session.worker} {number}")  # noqa: S311
        self._finished: list[str] = []
        self._weights = [habit.weight for habit in errand.habits]

    @task
    def live(self) -> None:
        """Do one thing: the next in a closed loop, or what an arrival asks for."""
        stage = self._session.stage_at(time.monotonic())
        stages = self._session.told.stages
        if stages[max(stage, 0)].rate_per_s is None:
            habit = self._choose()
            self._do(habit)
            gevent.sleep(self._rng.uniform(*habit.think_s))
        else:
            self._serve(self._session.arrivals.take())

    def _serve(self, arrival: Arrival) -> None:
        late_s = time.monotonic() - arrival.due_s
        self._session.note("arrival", due=arrival.due_s, late_ms=1000 * late_s)
        good = self._do(self._choose())
        took_s = time.monotonic() - arrival.due_s
        self._session.note("arrival_end", due=arrival.due_s, ms=1000 * took_s, ok=good)

    def _choose(self) -> Habit:
        return self._rng.choices(self._session.told.habits, self._weights)[0]

    def _do(self, habit: Habit) -> bool:
        match habit.does:
            case "import":
                name = self._session.next_upload_name()
                if name is None:
                    return True  # nobody may upload any more, for which the service is not to blame
                job = Importing(self.client, self._session, self._rng).run(habit, name)
                self._finished = [*self._finished, *([job] if job else [])][-_FINISHED_MOST:]
                return job is not None
            case "search":
                return self._get("search", {"query": quote(self._rng.choice(self._session.told.queries))})
            case "results" if self._finished:
                return self._get("results", {"job_id": self._rng.choice(self._finished)})
            case "health":
                return self._get("health", {})
            case _:
                return self._get("jobs", {})

    def _get(self, name: str, values: dict[str, str]) -> bool:
        paths = self._session.told.paths
        path = {"search": paths.search, "results": paths.results, "jobs": paths.jobs, "health": paths.ready}[name]
        return call(self.client, "GET", str(path).format(**values), name, headers=self._session.headers) is not None
