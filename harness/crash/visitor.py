"""The client of a cycle: uploads, follows, resumes what was interrupted, and remembers all that it was told."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from harness import client as contract
from harness.client import Client, JobStatus
from harness.corpora.corpus import Corpus
from harness.crash.evidence import Call, Resume
from harness.dependencies.boundary.client_wire import CallDropped, ClientWire

_POLL_S = 0.05
_UPLOAD_TIMEOUT_S = 8.0
_ACCEPTED = 202


class Visitor:
    """A thread that wants one import done, whatever happens to the target; it never gives up until it is stopped."""

    def __init__(self, client: Client, wire: ClientWire, corpus: Corpus, resumes: int) -> None:
        self._client, self._wire, self._corpus, self._resumes_at_once = client, wire, corpus, resumes
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._history: list[Call] = []
        self._resumes: list[Resume] = []
        self._job_ids: list[str] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="visitor", daemon=True)
        self.finished = threading.Event()
        """Set when the target has told that the import is over, or the visitor itself has failed."""
        self.last: JobStatus | None = None

    @property
    def history(self) -> tuple[Call, ...]:
        """Every call so far, in the order of its end."""
        with self._lock:
            return tuple(self._history)

    @property
    def resumes(self) -> tuple[Resume, ...]:
        """The resumes so far."""
        return tuple(self._resumes)

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The imports that were acknowledged; the last one is followed."""
        return tuple(self._job_ids)

    def start(self) -> None:
        """Begin with the upload."""
        self._thread.start()

    def move_to(self, client: Client) -> None:
        """Speak to another instance from the next call on."""
        self._client = client

    def stop(self) -> None:
        """End, and raise what went wrong in the thread."""
        self._stopping.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def resume_finished(self) -> Resume:
        """Ask once to resume the import that is over; from the cycle's thread, after `stop`."""
        started_t = time.time()
        status = self._post_resume("resume_finished")
        return Resume(started_t, (status,))

    def import_second(self, corpus: Corpus, deadline_s: float) -> JobStatus | None:
        """Import something small to its end; its last status, None when the upload was not taken."""
        answer = self._note("second_upload", "", lambda: contract.post_files(self._client, corpus, _UPLOAD_TIMEOUT_S))
        if answer is None or answer.status_code != _ACCEPTED:
            return None
        job_id, told = contract.read_job_id(self._client, answer), None
        while time.monotonic() < deadline_s and not (told and told.finished):
            told = self._status("second_status", job_id) or told
            time.sleep(_POLL_S)
        return told

    def _run(self) -> None:
        try:
            while not self._stopping.is_set() and not self.finished.is_set():
                with contextlib.suppress(CallDropped):
                    self._step()
                self._stopping.wait(_POLL_S)
        except BaseException as error:  # stop() raises it where somebody listens
            self._failure = error
            self.finished.set()

    def _step(self) -> None:
        if not self._job_ids:
            self._upload()
            return
        told = self._status("status", self._job_ids[-1])
        if told is None:
            return
        self.last = told
        if told.state == "interrupted":
            self._resume()
        elif told.finished:
            self.finished.set()

    def _upload(self) -> None:
        def keep(answer: httpx.Response | None) -> None:
            if answer is not None and answer.status_code == _ACCEPTED:
                self._job_ids.append(contract.read_job_id(self._client, answer))

        self._wire.call(
            "upload",
            self._client.contract.upload,
            lambda: self._note(
                "upload", "", lambda: contract.post_files(self._client, self._corpus, _UPLOAD_TIMEOUT_S)
            ),
            keep,
        )

    def _status(self, call: str, job_id: str) -> JobStatus | None:
        client = self._client
        path = client.contract.status.format(job_id=job_id)
        answer = self._note(call, job_id, lambda: client.http.get(path, timeout=2.0))
        if answer is None or answer.status_code != 200:
            return None
        told = contract.read_status(answer.json(), client.contract)
        with self._lock:
            place = next(at for at in reversed(range(len(self._history))) if self._history[at].call == call)
            one = self._history[place]
            self._history[place] = Call(one.t, one.answered_t, call, 200, told, job_id)
        return told

    def _resume(self) -> None:
        """Send the resumes at once; the first of them is a message of the client's wire."""
        if self._client.contract.resume is None:
            self.finished.set()
            return
        path = self._client.contract.resume.format(job_id=self._job_ids[-1])
        started_t = time.time()

        def send(place: int) -> int | None:
            if place:
                return self._post_resume("resume")
            with contextlib.suppress(CallDropped):
                return self._wire.call("resume", path, lambda: self._post_resume("resume"), _ignore)
            return None

        with ThreadPoolExecutor(self._resumes_at_once) as pool:
            statuses: Sequence[int | None] = list(pool.map(send, range(self._resumes_at_once)))
        self._resumes.append(Resume(started_t, tuple(statuses)))

    def _post_resume(self, call: str) -> int | None:
        client, job_id = self._client, self._job_ids[-1]
        answer = self._note(call, job_id, lambda: contract.post_resume(client, job_id))
        return None if answer is None else answer.status_code

    def _note(self, call: str, job_id: str, make: Callable[[], httpx.Response]) -> httpx.Response | None:
        """Make a call and write down what came of it; None when no answer came."""
        started_t = time.time()
        answer: httpx.Response | None = None
        with contextlib.suppress(httpx.TransportError):
            answer = make()
        with self._lock:
            told = Call(started_t, None, call, None, None, job_id)
            if answer is not None:
                told = Call(started_t, time.time(), call, answer.status_code, None, job_id, _reason(answer))
            self._history.append(told)
        return answer


def _ignore(_: object) -> None:
    return


def _reason(answer: httpx.Response) -> str:
    if answer.status_code < 400:
        return ""
    try:
        told: Any = answer.json()
        return str(told["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
