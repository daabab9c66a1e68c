"""How a job looks in JSON."""

from typing import Any

from importer.config import Settings
from importer.database.jobs import reduced_window
from importer.database.results import JobRow
from importer.jobs import COMPLETE, why_not_resumable


def job_view(job: JobRow, settings: Settings, limit_bytes: int | None) -> dict[str, Any]:
    """Describe a job; `limit_bytes` is our own memory limit, which decides whether a memory failure may go on."""
    refusal = why_not_resumable(job.status, job.error_code, job.limit_bytes, limit_bytes)
    return {
        "job_id": job.id,
        "name": job.file_name,
        "files": job.files or 0,
        "status": job.status,
        "stage": job.stage,
        "progress": progress(job),
        "epoch": job.epoch,
        "attempt": job.attempt,
        "resumable": refusal is None and job.has_source,
        "source_gone": not job.has_source,
        "error": {"code": job.error_code, "text": job.error} if job.error_code else None,
        "documents_total": job.documents_total,
        "documents_done": job.documents_done,
        "documents_failed": job.documents_failed,
        "duplicates": job.duplicates,
        "chunks_stored": job.chunks_stored,
        "upload_bytes": job.upload_bytes,
        "upload_done_bytes": job.upload_done_bytes,
        "window": reduced_window(settings.window, job.window_halvings),
        "window_halvings": job.window_halvings,
        "window_before": reduced_window(settings.window, max(0, job.window_halvings - 1)),
        "memory_bytes": job.memory_bytes,
        "limit_bytes": job.limit_bytes,
        "beat_at": job.beat_at,
        "documents_per_s": _per_second(job.pace_documents, job.pace_s),
        "chunks_per_s": _per_second(job.pace_chunks, job.pace_s),
        "seconds_left": seconds_left(job),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "last_chunk_at": job.last_chunk_at,
    }


def progress(job: JobRow) -> float:
    """Return the share of the upload that is settled; 1 only once the job is complete."""
    if job.status in COMPLETE:
        return 1.0
    if not job.upload_bytes:
        return 0.0
    return min(job.upload_done_bytes / job.upload_bytes, 0.999)


def seconds_left(job: JobRow) -> float | None:
    """Return how long the rest of the upload takes at the pace of the last heartbeats; None where nothing tells."""
    if job.status in COMPLETE:
        return None
    bytes_per_s = _per_second(job.pace_upload_bytes, job.pace_s)
    return (job.upload_bytes - job.upload_done_bytes) / bytes_per_s if bytes_per_s else None


def _per_second(amount: int | None, seconds: float | None) -> float | None:
    return amount / seconds if amount is not None and seconds else None
