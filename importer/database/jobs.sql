-- Rows of jobs and heartbeats. A runner writes only WHERE id, epoch and status = 'running' are its own.

-- name: claim
UPDATE jobs
   SET status = 'running',
       started_at = coalesce(started_at, now()),
       finished_at = NULL,
       committed_at_claim = chunks_stored + documents_done + documents_failed
 WHERE id = %(id)s AND epoch = %(epoch)s AND status = 'queued'
RETURNING attempt, window_halvings, upload_bytes, documents_done + documents_failed

-- name: lock_claims
-- Shared by claims, exclusive to the collector: no import starts while rows without a reference are dropped.
SELECT pg_advisory_xact_lock_shared(5716, 2)

-- name: start_heartbeat
INSERT INTO heartbeats (job_id, epoch, runner, memory_group, memory_bytes, limit_bytes, oom_kills)
VALUES (%(id)s, %(epoch)s, %(runner)s, %(group)s, %(memory)s, %(limit)s, %(oom_kills)s)
ON CONFLICT (job_id) DO UPDATE
   SET epoch = excluded.epoch, runner = excluded.runner, beat_at = now(), memory_group = excluded.memory_group,
       memory_bytes = excluded.memory_bytes, limit_bytes = excluded.limit_bytes, oom_kills = excluded.oom_kills

-- name: beat
-- No row comes back when the job has moved on: the runner is fenced.
UPDATE heartbeats
   SET beat_at = now(), memory_bytes = %(memory)s, limit_bytes = %(limit)s, oom_kills = %(oom_kills)s
  FROM jobs
 WHERE heartbeats.job_id = %(id)s AND heartbeats.epoch = %(epoch)s
   AND jobs.id = heartbeats.job_id AND jobs.epoch = heartbeats.epoch AND jobs.status = 'running'
RETURNING jobs.epoch

-- name: files
SELECT ordinal, name, size_bytes, documents FROM upload_files WHERE job_id = %(id)s ORDER BY ordinal

-- name: complete
UPDATE jobs
   SET status = CASE WHEN documents_failed > 0 THEN 'completed_with_errors' ELSE 'completed' END,
       stage = %(stage)s, finished_at = now(), memory_kills = 0
 WHERE id = %(id)s AND epoch = %(epoch)s AND status = 'running'
RETURNING id

-- name: end
UPDATE jobs
   SET status = %(status)s, finished_at = now(), error_code = %(code)s, error = %(text)s
 WHERE id = %(id)s AND epoch = %(epoch)s AND status = 'running'
RETURNING id

-- name: stalled
-- Running jobs whose runner has been silent for too long, by the database's clock; not those that we run now.
SELECT jobs.id, jobs.epoch
  FROM jobs LEFT JOIN heartbeats ON heartbeats.job_id = jobs.id AND heartbeats.epoch = jobs.epoch
 WHERE jobs.status = 'running' AND jobs.id <> ALL (%(own)s)
   AND (heartbeats.beat_at IS NULL OR heartbeats.beat_at < now() - make_interval(secs => %(silence_s)s))

-- name: interrupted
-- What may go on without a person: a first attempt, or one that has committed something.
SELECT id FROM jobs
 WHERE status = 'interrupted' AND (%(codes)s::text[] IS NULL OR error_code = ANY (%(codes)s::text[]))
   AND (attempt = 1 OR chunks_stored + documents_done + documents_failed > committed_at_claim)
 ORDER BY created_at, id

-- name: end_stale_sessions
-- A stopped process may hold the row's lock in an open transaction; it is ended, unless another job of the same
-- process still beats: then the process is alive and gives the lock back by itself.
SELECT pg_terminate_backend(activity.pid)
  FROM heartbeats, pg_stat_activity AS activity
 WHERE heartbeats.job_id = %(id)s AND heartbeats.runner <> %(self)s
   AND activity.application_name = 'importer:' || heartbeats.runner
   AND activity.datname = current_database() AND activity.xact_start IS NOT NULL
   AND NOT EXISTS (
       SELECT FROM heartbeats AS other JOIN jobs ON jobs.id = other.job_id AND jobs.status = 'running'
        WHERE other.runner = heartbeats.runner AND other.job_id <> heartbeats.job_id
          AND other.beat_at >= now() - make_interval(secs => %(silence_s)s))

-- name: lock_stalled
-- Lock the job and look again: it may have beaten meanwhile.
SELECT heartbeats.memory_group, heartbeats.memory_bytes, heartbeats.limit_bytes, heartbeats.oom_kills,
       jobs.memory_kills,
       jobs.chunks_stored + jobs.documents_done + jobs.documents_failed > jobs.committed_at_claim
  FROM jobs LEFT JOIN heartbeats ON heartbeats.job_id = jobs.id AND heartbeats.epoch = jobs.epoch
 WHERE jobs.id = %(id)s AND jobs.epoch = %(epoch)s AND jobs.status = 'running'
   AND (heartbeats.beat_at IS NULL OR heartbeats.beat_at < now() - make_interval(secs => %(silence_s)s))
   FOR UPDATE OF jobs

-- name: interrupt_stalled
UPDATE jobs
   SET status = %(status)s, finished_at = now(), error_code = %(code)s, error = %(text)s,
       memory_kills = %(memory_kills)s, window_halvings = window_halvings + %(halvings)s
 WHERE id = %(id)s AND epoch = %(epoch)s AND status = 'running'

-- name: lost
-- Queued jobs that no worker will ever claim: their queue job is gone, or a worker fetched it and died.
SELECT jobs.id, jobs.epoch
  FROM jobs LEFT JOIN procrastinate_jobs AS queued ON queued.id = jobs.queue_job
 WHERE jobs.status = 'queued'
   AND (queued.id IS NULL OR queued.status NOT IN ('todo', 'doing')
        OR (queued.status = 'doing' AND NOT EXISTS (
            SELECT FROM procrastinate_events AS event
             WHERE event.job_id = queued.id AND event.type = 'started'
               AND event.at >= now() - make_interval(secs => %(silence_s)s))))

-- name: requeue
-- Back in the queue under a new epoch, from the state that the caller saw.
UPDATE jobs
   SET status = 'queued', epoch = epoch + 1, attempt = attempt + %(attempts)s, finished_at = NULL,
       error_code = NULL, error = NULL
 WHERE id = %(id)s AND epoch = %(epoch)s AND status = %(status)s
RETURNING epoch

-- name: defer
UPDATE jobs
   SET queue_job = (procrastinate_defer_jobs_v1(ARRAY[ROW(
       'imports', 'import', 0, NULL, NULL,
       jsonb_build_object('job_id', id, 'epoch', epoch), NULL)::procrastinate_job_to_defer_v1]))[1]
 WHERE id = %(id)s

-- name: drop_stale_queue_jobs
-- What killed workers left behind: nobody refers to it, and it is old enough that no worker still has it.
DELETE FROM procrastinate_jobs
 WHERE task_name = 'import' AND status <> 'todo'
   AND NOT EXISTS (SELECT FROM jobs WHERE jobs.queue_job = procrastinate_jobs.id AND jobs.status IN ('queued', 'running'))
   AND NOT EXISTS (SELECT FROM procrastinate_events AS event
                    WHERE event.job_id = procrastinate_jobs.id AND event.at >= now() - interval '1 hour')

-- name: lock
SELECT jobs.status, jobs.epoch, jobs.error_code, heartbeats.limit_bytes
  FROM jobs LEFT JOIN heartbeats ON heartbeats.job_id = jobs.id
 WHERE jobs.id = %(id)s
   FOR UPDATE OF jobs

-- name: has_source
SELECT EXISTS (SELECT FROM upload_files WHERE job_id = %(id)s)
   AND NOT EXISTS (
       SELECT FROM upload_files AS file
        WHERE file.job_id = %(id)s AND file.size_bytes > 0
          AND NOT EXISTS (SELECT FROM upload_parts
                           WHERE job_id = file.job_id AND file_ordinal = file.ordinal AND part = 0))

-- name: cancel
UPDATE jobs
   SET status = 'cancelled', epoch = epoch + 1, finished_at = now(), error_code = NULL, error = NULL
 WHERE id = %(id)s

-- name: delete
DELETE FROM jobs WHERE id = %(id)s

-- name: busy
SELECT EXISTS (SELECT FROM jobs WHERE status IN ('queued', 'running'))

-- name: count_by_status
SELECT status, count(*) FROM jobs GROUP BY status
