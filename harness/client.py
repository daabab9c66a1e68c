"""The HTTP contract, spoken as a user's client would speak it, in the words of the target's own file."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from harness.corpora.corpus import Corpus
from harness.errors import TargetError, UnknownJobError
from harness.target import HttpContract

FINISHED = ("completed", "completed_with_errors", "failed", "cancelled")
_ERRORS_PAGE = 1000
_UNKNOWN = (404, 410)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One answer of the status call, in the contract's words; what the target does not tell is None."""

    state: str
    progress: float | None
    stage: str | None
    documents_done: int | None
    documents_failed: int | None
    chunks_stored: int | None
    duplicates: int | None
    resumable: bool | None
    error: str | None
    attempt: int | None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to the job by itself."""
        return self.state in FINISHED


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """One row of the errors call."""

    name: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Client:
    """Where the target is and how its contract is called; the functions below do the calling."""

    http: httpx.Client
    contract: HttpContract


def connect(base_url: str, contract: HttpContract, timeout_s: float = 30.0) -> Client:
    """A client for the target at `base_url`; close `client.http` when done."""
    limits = httpx.Limits(max_connections=8, max_keepalive_connections=8)
    return Client(httpx.Client(base_url=base_url, timeout=timeout_s, limits=limits, trust_env=False), contract)


def is_ready(client: Client) -> bool:
    """Whether the readiness call answers 200."""
    try:
        return client.http.get(client.contract.ready, timeout=2.0).status_code == 200
    except httpx.TransportError:
        return False


def upload(client: Client, corpus: Corpus) -> str:
    """Upload every file of the corpus in one request, streamed from disk; returns the job's id."""
    answer = post_files(client, corpus, 600.0)
    if answer.status_code != 202:
        raise TargetError(f"the upload was answered {answer.status_code}, not 202: {answer.text[:300]}")
    return read_job_id(client, answer)


def post_files(client: Client, corpus: Corpus, timeout_s: float) -> httpx.Response:
    """The bare upload, whatever is answered."""
    with ExitStack() as opened:
        parts = [
            (client.contract.upload_field, (one.name, opened.enter_context(one.path.open("rb"))))
            for one in corpus.files
        ]
        return client.http.post(client.contract.upload, files=parts, timeout=timeout_s)


def read_job_id(client: Client, answer: httpx.Response) -> str:
    """The job's id in the answer to an upload."""
    return str(_field(_json(answer), client.contract.fields["job_id"]))


def status(client: Client, job_id: str) -> JobStatus:
    """Ask for a job's status; UnknownJobError when there is none, httpx.TransportError when nobody answers."""
    answer = client.http.get(client.contract.status.format(job_id=job_id))
    if answer.status_code in _UNKNOWN:
        raise UnknownJobError(f"the job {job_id} is not known any more ({answer.status_code})")
    if answer.status_code != 200:
        raise TargetError(f"the status of job {job_id} was answered {answer.status_code}: {answer.text[:300]}")
    return read_status(_json(answer), client.contract)


def read_status(told: Mapping[str, Any], contract: HttpContract) -> JobStatus:
    """A status answer in the contract's words; TargetError for a state that the target file does not name."""
    word = str(_field(told, contract.fields["status"]))
    if word not in contract.states:
        raise TargetError(f"the target told the state {word!r}; its target file names {', '.join(contract.states)}")

    def get(name: str) -> Any:
        return _field(told, contract.fields[name]) if name in contract.fields else None

    error = get("error")
    return JobStatus(
        state=contract.states[word],
        progress=get("progress"),
        stage=get("stage"),
        documents_done=get("documents_done"),
        documents_failed=get("documents_failed"),
        chunks_stored=get("chunks_stored"),
        duplicates=get("duplicates"),
        resumable=get("resumable"),
        error=error.get("text") if isinstance(error, dict) else error,
        attempt=get("attempt"),
    )


def resume(client: Client, job_id: str) -> bool:
    """Ask for a resume; True when it was taken (202)."""
    return client.contract.resume is not None and post_resume(client, job_id).status_code == 202


def post_resume(client: Client, job_id: str) -> httpx.Response:
    """The bare resume, whatever is answered; TargetError where the target has no such call."""
    if client.contract.resume is None:
        raise TargetError("the target file names no [http] resume")
    return client.http.post(client.contract.resume.format(job_id=job_id))


def failed_documents(client: Client, job_id: str) -> list[FailedDocument]:
    """The documents of a job that failed, each with its reason; empty where the target has no such call."""
    if client.contract.errors is None:
        return []
    rows: list[FailedDocument] = []
    while True:
        page = {"limit": _ERRORS_PAGE, "offset": len(rows)}
        answer = client.http.get(client.contract.errors.format(job_id=job_id), params=page)
        if answer.status_code != 200:
            raise TargetError(f"the errors of job {job_id} were answered {answer.status_code}: {answer.text[:300]}")
        found = _rows(_json(answer))
        rows += [FailedDocument(one.get("name", ""), one.get("reason", ""), one.get("detail", "")) for one in found]
        if len(found) < _ERRORS_PAGE:
            return rows


def _rows(told: Any) -> list[Mapping[str, Any]]:
    if isinstance(told, list):
        return told
    lists = [one for one in told.values() if isinstance(one, list)]
    return lists[0] if lists else []


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise TargetError(
            f"{answer.request.url.path} was answered with what is not JSON: {answer.text[:300]}"
        ) from None


def _field(told: Any, path: str) -> Any:
    found = told
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return found
