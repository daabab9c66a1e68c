"""Uploads documents and follows the import to its end, through interruptions and restarts, as a patient person does."""

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gevent
import orjson
from geventhttpclient.response import HTTPParseError
from locust.contrib.fasthttp import FastHttpSession

from harness.load.errand import Habit
from scenarios.load.calls import call, field
from scenarios.load.salting import Upload, make_upload
from scenarios.load.session import Session

POLL_S = 0.5
_OVER = ("completed", "completed_with_errors", "failed", "cancelled")
_ACCEPTED = (200, 202)


class Importing:
    """One import of one user."""

    def __init__(self, client: FastHttpSession, session: Session, rng: random.Random) -> None:
        self._client, self._session, self._rng = client, session, rng
        self._paths = session.told.paths
        self._job = ""
        self._state = ""
        self._told: dict[str, Any] = {}

    def run(self, habit: Habit, name: str) -> str | None:
        """Upload under this name and follow; the job's id once it is complete."""
        started_t, started_s = time.time(), time.monotonic()
        upload = self._make(habit, name)
        if not self._upload(upload):
            return None
        self._follow(habit, started_s + self._session.told.import_timeout_s)
        complete = self._state in ("completed", "completed_with_errors")
        self._session.note("import", event="end", job=self._job, state=self._state, **self._counts())
        self._fire("import", started_t, time.monotonic() - started_s, None if complete else self._how_it_ended())
        return self._job if complete else None

    def _make(self, habit: Habit, name: str) -> Upload:
        errand = self._session.told
        count = self._rng.randint(*habit.documents)
        documents = [self._rng.choice(errand.documents) for _ in range(count)]
        salt = f"{errand.salt}{self._session.worker}x{self._session.uploads}" if errand.salt else ""
        prefix = errand.prefix if errand.salt else ""
        return make_upload(documents, salt, prefix, name, errand.paths.upload_field)

    def _upload(self, upload: Upload) -> bool:
        headers = {**self._session.headers, "Content-Type": upload.content_type}
        self._session.note("upload", name=upload.name)
        answer = call(
            self._client, "POST", self._paths.upload, "upload", headers=headers, expected=_ACCEPTED, body=upload.body
        )
        job = field(orjson.loads(answer.content), self._paths.fields["job_id"]) if answer is not None else None
        if job is None:
            return False
        self._job = str(job)
        self._session.note(
            "import", event="accepted", job=self._job, documents=upload.documents, bytes=len(upload.body)
        )
        return True

    def _follow(self, habit: Habit, deadline_s: float) -> None:
        listens = habit.watch == "events" or (habit.watch == "mixed" and self._rng.random() < 0.5)
        while self._state not in _OVER and time.monotonic() < deadline_s:
            if listens and self._paths.events:
                self._listen()
            else:
                gevent.sleep(POLL_S)
            if self._state not in _OVER:
                self._ask()
            if self._state == "interrupted" and self._paths.resume:
                self._resume()

    def _ask(self) -> None:
        answered = call(
            self._client, "GET", self._paths.status.format(job_id=self._job), "status", headers=self._session.headers
        )
        if answered is None:
            gevent.sleep(POLL_S)  # it may be starting again
        else:
            self._take(orjson.loads(answered.content))

    def _listen(self) -> None:
        """Read snapshots until the stream ends; its request is over with the first of them."""
        path = str(self._paths.events).format(job_id=self._job)
        answer = call(self._client, "GET", path, "events", headers=self._session.headers, stream=True)
        if answer is None:
            gevent.sleep(POLL_S)
            return
        with suppress(HTTPParseError, OSError, gevent.Timeout):  # it ends with the service, too
            for told in _snapshots(answer._response):
                self._take(told)
                if self._state in (*_OVER, "interrupted"):
                    break
        if answer._response is not None:
            answer._response.release()

    def _resume(self) -> None:
        path = str(self._paths.resume).format(job_id=self._job)
        # 409: it goes on already, because somebody else asked, or by itself.
        call(self._client, "POST", path, "resume", headers=self._session.headers, expected=(202, 409))
        gevent.sleep(POLL_S)

    def _take(self, told: Any) -> None:
        word = str(field(told, self._paths.fields["status"]))
        self._state = self._paths.states.get(word, word)
        self._told = told
        if self._session.told.tell:
            self._session.note("told", job=self._job, state=self._state, **self._counts())

    def _counts(self) -> dict[str, Any]:
        names = ("progress", "documents_done", "documents_failed", "chunks_stored", "duplicates")
        return {name: field(self._told, self._paths.fields.get(name)) for name in names}

    def _how_it_ended(self) -> Exception:
        ended = self._state in _OVER
        return RuntimeError(f"ended as {self._state}" if ended else f"still {self._state or 'unknown'}")

    def _fire(self, name: str, started_t: float, seconds: float, error: Exception | None) -> None:
        self._client.request_event.fire(
            request_type="IMPORT", name=name, response_time=1000 * seconds, response_length=0, exception=error,
            context={}, response=None, start_time=started_t,
        )  # fmt: skip


def _snapshots(response: Any) -> Iterator[Any]:
    """The data of each event that has some."""
    while event := response.readline(b"\n\n"):
        for line in event.split(b"\n"):
            if line.startswith(b"data:") and (data := line[5:].strip()):
                yield orjson.loads(data)
