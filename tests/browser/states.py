"""Imports in every state, written into the database of a service that runs none: pages to be looked at."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from importer.database.queries import parse_queries
from tests.browser.serving import Served

_SQL = parse_queries((Path(__file__).parent / "states.sql").read_text("utf-8"))
MB = 2**20
WATCH_ONLY = {"worker": "off", "stalled_after_s": "3600", "index": "on"}
"""Settings of such a service: it runs nothing, and takes no silent job for dead."""
_FILES = ("climate-survey-2026.jsonl", "thesis-chapter-4.pdf", "references.bib")
_TITLES = (
    "Carbon uptake of coastal wetlands after managed retreat",
    "A field guide to reproducible pipelines",
    "On the memory of streaming imports",
    "Interrupted time series in public health",
)
_FAILED = (
    ("appendix-b.pdf", "encrypted", "The PDF needs a password."),
    ("climate-survey-2026.jsonl:118", "malformed", "The line is not a JSON object."),
    ("scan-1994.pdf", "empty", "There is no text in it."),
)


@dataclass(frozen=True, slots=True)
class State:
    """One import as it is to look: its row, the memory at its last heartbeat, and whether its upload is stored."""

    job: dict[str, Any]
    memory_mb: int = 301
    limit_mb: int = 512
    has_source: bool = True


def _job(status: str, done: int = 173, failed: int = 0, **more: Any) -> dict[str, Any]:
    return {"status": status, "total": 200, "done": done, "failed": failed, "age_s": 900, **more}


STATES = {
    "queued": State(_job("queued", done=0)),
    "running": State(_job("running", done=138, age_s=800, duplicates=4)),
    "killed": State(_job("interrupted", code="killed_memory", text="killed", halvings=1), memory_mb=497),
    "probably": State(_job("interrupted", code="probably_memory", text="probably", halvings=2), memory_mb=497),
    "shutdown": State(_job("interrupted", code="shutdown", text="shut down", failed=2)),
    "unheard_of": State(_job("interrupted", code="something_new", text="A cause that the page does not know.")),
    "source_gone": State(_job("interrupted", code="lost_worker", text="lost"), has_source=False),
    "completed": State(_job("completed", done=200)),
    "completed_with_errors": State(_job("completed_with_errors", done=197, failed=3)),
    "failed_memory": State(_job("failed", code="memory", text="memory", halvings=2, attempt=3, epoch=3), memory_mb=505),
    "failed": State(_job("failed", code="internal", text="an error of the importer: KeyError")),
    "cancelled": State(_job("cancelled", epoch=2)),
}


def make_states(served: Served) -> dict[str, str]:
    """Write every state; the address of each import by the name of its state."""
    return {name: f"/imports/{make(served, state)}" for name, state in STATES.items()}


def make(served: Served, state: State) -> str:
    """Write one import with its files, memory, and documents; return its id."""
    job_id = str(uuid4())
    memory = {"memory": state.memory_mb * MB, "limit": state.limit_mb * MB}
    served.execute_named(_SQL["job"], {"job": json.dumps({"id": job_id, **state.job}), **memory})
    for ordinal, name in enumerate(_FILES):
        served.execute(_SQL["file"], job_id, ordinal, name)
        if state.has_source:
            served.execute(_SQL["part"], job_id, ordinal)
    values = {"id": job_id, "low": 92 * MB, "high": (state.memory_mb - 9) * MB}
    served.execute_named(_SQL["beats"], values)
    _make_documents(served, job_id, state.job["failed"])
    return job_id


def _make_documents(served: Served, job_id: str, failed: int) -> None:
    for position, title in enumerate(_TITLES):
        document_id = str(uuid4())
        name = f"{_FILES[0]}:{position + 1}"
        served.execute(_SQL["stored"], document_id, name, title)
        served.execute(_SQL["outcome"], job_id, position, name, "stored", document_id, None, None)
    for position, (name, reason, detail) in enumerate(_FAILED[:failed], start=len(_TITLES)):
        served.execute(_SQL["outcome"], job_id, position, name, "failed", None, reason, detail)


def make_many(served: Served) -> None:
    """Write a thousand imports, ten of them interrupted."""
    served.execute_named(_SQL["many"], {})
    served.execute_named(_SQL["many_parts"], {})
