"""An import in the composed environment whose importer and worker are killed half-way, and which is resumed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from harness.corpora.corpus import Corpus
from harness.dependencies.provider.ledger import read_ledger
from harness.stored import StoredDigest, digest_stored
from tests.integration.compose.stack import ROOT, Stack

IN_FLIGHT_INPUTS = 2 * 46 + 8
"""Two embedding requests of 46 inputs and eight prompts: what a crash of a runner may bill again."""
KILL_AT = 0.3
_IMPORT_S = 240.0
_BACK_S = 90.0
_LOOK_EVERY_S = 0.1
_ENDED = ("completed", "completed_with_errors", "failed", "cancelled")
_SQL = (ROOT / "scenarios" / "targets" / "importer.sql").read_text()

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    documents: int
    state: str
    attempt: int
    restarts: Mapping[str, int]
    inputs_billed_twice: int
    unknown_calls: tuple[str, ...]
    stored: StoredDigest
    undisturbed: StoredDigest
    found: int
    """Chunks that a search found afterwards."""
    refused_without_token: int


def crash_and_resume(stack: Stack, corpus: Corpus, folder: Path, say: Say) -> Outcome:
    """Import, kill, wait for the restart, resume; then the same import undisturbed, to compare what is stored."""
    with httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.token}"}, timeout=60) as client:
        job = _upload(client, corpus)
        say(f"import {job}: {corpus.documents} documents uploaded")
        status = _follow(client, job, lambda one: one["progress"] >= KILL_AT)
        for service in ("importer", "worker"):
            stack.kill(service)
        say(f"killed importer and worker at {status['documents_done']} of {corpus.documents} documents")
        _wait_ready(client)
        restarts = {one: int(stack.inspect(one)["RestartCount"]) for one in ("importer", "worker")}
        say(f"both were started again: {restarts}")
        status = _resume(client, job, say)
        stored, ledger = digest_stored(stack.database_url, _SQL), read_ledger(stack.copy_ledger(folder))
        say(f"{status['status']} in attempt {status['attempt']}: {dict(stored.rows)}")
        say(f"inputs billed twice: {ledger.inputs_billed_twice} (in flight at the kill: at most {IN_FLIGHT_INPUTS})")
        found = len(client.get("/api/search", params={"q": "memory"}).raise_for_status().json()["results"])
        refused = httpx.get(f"{stack.url}/api/import/jobs", timeout=10).status_code
        return Outcome(
            documents=status["documents_done"],
            state=status["status"],
            attempt=status["attempt"],
            restarts=restarts,
            inputs_billed_twice=ledger.inputs_billed_twice,
            unknown_calls=(*ledger.unknown_endpoints, *ledger.outbound),
            stored=stored,
            undisturbed=_again(client, job, corpus, stack, say),
            found=found,
            refused_without_token=refused,
        )


def _upload(client: httpx.Client, corpus: Corpus) -> str:
    files = [("files", (one.name, one.path.read_bytes())) for one in corpus.files]
    answer = client.post("/api/import", files=files)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def _follow(client: httpx.Client, job: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline_s = time.monotonic() + _IMPORT_S
    while time.monotonic() < deadline_s:
        status: dict[str, Any] = client.get(f"/api/import/status/{job}").raise_for_status().json()
        if until(status):
            return status
        time.sleep(_LOOK_EVERY_S)
    raise AssertionError(f"import {job} did not come that far within {_IMPORT_S:.0f} s")


def _wait_ready(client: httpx.Client) -> None:
    deadline_s = time.monotonic() + _BACK_S
    while time.monotonic() < deadline_s:
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(_LOOK_EVERY_S)
    raise AssertionError(f"the importer did not come back within {_BACK_S:.0f} s")


def _resume(client: httpx.Client, job: str, say: Say) -> dict[str, Any]:
    """Wait until the silent runner is noticed, ask for a resume, and follow the import to its end."""
    status = _follow(client, job, lambda one: one["status"] in ("interrupted", *_ENDED))
    say(f"the import is {status['status']}: {status['error']}")
    answer = client.post(f"/api/import/resume/{job}")
    assert answer.status_code == 202, answer.text
    return _follow(client, job, lambda one: one["status"] in _ENDED)


def _again(client: httpx.Client, job: str, corpus: Corpus, stack: Stack, say: Say) -> StoredDigest:
    client.delete(f"/api/import/{job}").raise_for_status()
    undisturbed = _upload(client, corpus)
    _follow(client, undisturbed, lambda one: one["status"] in _ENDED)
    stored = digest_stored(stack.database_url, _SQL)
    say(f"the same import undisturbed: {dict(stored.rows)}")
    return stored
