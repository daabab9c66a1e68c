"""Bugs that the oracle must find: small changes of a copy of the importer, and where to crash it to see each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patch:
    """A text that stands exactly once in a file of the importer, and what takes its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug, the invariant that is named for it, and the crash points of one cycle that shows it."""

    name: str
    invariant: str
    patches: tuple[Patch, ...]
    points: str


CHECKPOINT_BEFORE_COMMIT = Bug(
    "checkpoint_before_commit",
    "checkpoint_never_ahead",
    (
        Patch(
            "database/store.py",
            '        await self._copy_rows(connection, "chunks", portion.chunks)\n',
            """\
        if portion.documents and (portion.chunks or portion.concepts):
            await self._write(connection, replace(portion, chunks=[], concepts=[]))
            await connection.execute("COMMIT")
            await connection.execute("BEGIN")
            portion = replace(portion, documents=[])
        await self._copy_rows(connection, "chunks", portion.chunks)
""",
        ),
    ),
    "postgres.copy#7@before/sigkill",
)
"""Documents are settled, then what they consist of is stored."""

RANDOM_IDS = Bug(
    "random_ids",
    "nothing_twice",
    (
        Patch(
            "identity.py",
            "        return digest.digest()[:ID_BYTES]\n",
            '        return __import__("os").urandom(ID_BYTES)\n',
        ),
    ),
    "postgres.copy#2@after/sigkill",
)
"""The unique key of chunks and concepts says nothing about their content."""

UNCHECKED_FENCE = Bug(
    "unchecked_fence",
    "fenced",
    (
        Patch(
            "database/store.sql",
            """\
SELECT documents_done + documents_failed FROM jobs
 WHERE id = %s AND epoch = %s AND status = 'running'
""",
            """\
SELECT documents_done + documents_failed FROM jobs
 WHERE id = %s AND epoch >= %s
""",
        ),
        Patch(
            "database/store.sql",
            """\
SELECT EXISTS (SELECT FROM jobs WHERE id = %(job)s AND epoch = %(epoch)s AND status = 'running'),
       ARRAY""",
            """\
SELECT EXISTS (SELECT FROM jobs WHERE id = %(job)s AND epoch >= %(epoch)s),
       ARRAY""",
        ),
        Patch(
            "database/store.sql",
            """\
SELECT EXISTS (SELECT FROM jobs WHERE id = %(job)s AND epoch = %(epoch)s AND status = 'running'),
       (SELECT""",
            """\
SELECT EXISTS (SELECT FROM jobs WHERE id = %(job)s AND epoch >= %(epoch)s),
       (SELECT""",
        ),
        Patch(
            "database/jobs.sql",
            """\
   AND jobs.id = heartbeats.job_id AND jobs.epoch = heartbeats.epoch AND jobs.status = 'running'
RETURNING jobs.epoch
""",
            """\
   AND jobs.id = heartbeats.job_id
RETURNING jobs.epoch
""",
        ),
        Patch(
            "database/jobs.sql",
            " WHERE heartbeats.job_id = %(id)s AND heartbeats.epoch = %(epoch)s\n",
            " WHERE heartbeats.job_id = %(id)s AND heartbeats.epoch >= %(epoch)s\n",
        ),
    ),
    "openai.chat#2@unacknowledged/zombie",
)
"""A runner that was taken over goes on, since nothing that it asks or writes looks at the epoch."""

CHECKPOINT_RESET = Bug(
    "checkpoint_reset_on_resume",
    "checkpoint_never_regresses",
    (
        Patch(
            "database/jobs.sql",
            "   SET status = 'queued', epoch = epoch + 1, attempt = attempt + %(attempts)s, finished_at = NULL,\n",
            """\
   SET status = 'queued', epoch = epoch + 1, attempt = attempt + %(attempts)s, finished_at = NULL,
       documents_done = 0, documents_failed = 0,
""",
        ),
        Patch(
            "database/jobs.py",
            "            await defer(connection, job_id)\n",
            """\
            await connection.execute("DELETE FROM job_documents WHERE job_id = %s", (job_id,))
            await defer(connection, job_id)
""",
        ),
    ),
    "postgres.commit#13@after/sigkill+postgres.commit#2@after/sigkill",
)
"""A resume begins with the first document again."""

SWALLOWED_SAVE = Bug(
    "swallowed_save",
    "nothing_lost",
    (
        Patch(
            "database/store.py",
            """\
                return len(rest.chunks)

        return await through_outages(write, self._give_up_after_s)
""",
            """\
                return len(rest.chunks)

        try:
            return await through_outages(write, self._give_up_after_s)
        except Exception:
            return 0
""",
        ),
    ),
    "postgres.copy#2@before/disk-full",
)
"""An error of the store is caught, and the import goes on as if the rows were there."""

SHUFFLED_VECTORS = Bug(
    "shuffled_vectors",
    "vectors_match",
    (
        Patch(
            "embed_stage.py",
            "            answer.vectors += zip(batch, vectors, strict=True)\n",
            "            answer.vectors += zip(batch, reversed(vectors), strict=True)\n",
        ),
    ),
    "postgres.copy#2@after/sigkill",
)
"""Vectors are stored with the texts of their batch in another order."""

STOLEN_AT_START = Bug(
    "stolen_at_start",
    "live_job_not_stolen",
    (
        Patch(
            "supervisor.py",
            "    while True:\n        try:\n            await interrupt_silent(services)\n",
            """\
    async with services.pool.connection() as connection:
        await connection.execute(
            "UPDATE jobs SET status = 'interrupted', error_code = 'restart', error = 'the service was restarted',"
            " finished_at = now() WHERE status = 'running'"
        )
    while True:
        try:
            await interrupt_silent(services)
""",
        ),
    ),
    "postgres.copy#3@before/second-instance",
)
"""Whoever starts takes every running job for a dead one."""

LATE_PROGRESS = Bug(
    "completed_overwritten",
    "honest_status",
    (
        Patch(
            "runner.py",
            "                await jobs.complete(connection, job.id, job.epoch, stage)\n",
            """\
                await jobs.complete(connection, job.id, job.epoch, stage)
                await connection.execute("UPDATE jobs SET status = 'running', stage = 'store' WHERE id = %s", (job.id,))
""",
        ),
    ),
    "postgres.copy#2@after/sigkill",
)
"""A progress write that comes late takes the end of the job back."""

BUGS = (
    CHECKPOINT_BEFORE_COMMIT, RANDOM_IDS, UNCHECKED_FENCE, CHECKPOINT_RESET, SWALLOWED_SAVE, SHUFFLED_VECTORS,
    STOLEN_AT_START, LATE_PROGRESS,
)  # fmt: skip
IN_CI = (CHECKPOINT_BEFORE_COMMIT, RANDOM_IDS, SHUFFLED_VECTORS)
"""The ones that every run of the tests looks for; `make planted` looks for all."""
