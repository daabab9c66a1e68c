-- Jobs in every state, for pages that are looked at and not run.

-- name: job
-- With its heartbeat in one statement: a running job without one would be taken for dead at once.
WITH one AS (
    SELECT * FROM json_to_record(%(job)s) AS one (
        id uuid, status text, stage text, epoch integer, attempt integer, age_s float8, total integer, done integer,
        failed integer, duplicates integer, code text, text text, halvings integer)
), job AS (
    INSERT INTO jobs (id, status, stage, epoch, attempt, created_at, started_at, finished_at, upload_bytes,
                      upload_done_bytes, documents_total, documents_done, documents_failed, duplicates, chunks_stored,
                      error_code, error, window_halvings, memory_kills)
    SELECT id, status, coalesce(stage, 'embed'), coalesce(epoch, 1), coalesce(attempt, 1),
           now() - make_interval(secs => age_s), now() - make_interval(secs => age_s - 2),
           CASE WHEN status IN ('queued', 'running') THEN NULL ELSE now() - make_interval(secs => age_s / 9) END,
           18400000, 18400000::bigint * (done + failed) / nullif(total, 0),
           total, done, failed, coalesce(duplicates, 0), done * 8, code, text, coalesce(halvings, 0), 0
      FROM one
    RETURNING id, epoch, finished_at
)
INSERT INTO heartbeats (job_id, epoch, runner, beat_at, memory_bytes, limit_bytes)
SELECT id, epoch, 'none', coalesce(finished_at, now()), %(memory)s, %(limit)s FROM job

-- name: file
INSERT INTO upload_files (job_id, ordinal, name, size_bytes) VALUES (%s, %s, %s, 6000000)

-- name: part
INSERT INTO upload_parts (job_id, file_ordinal, part, data) VALUES (%s, %s, 0, 'x')

-- name: beats
-- Thirteen minutes before the last heartbeat: memory rises in waves from %(low)s to %(high)s, documents settle evenly.
INSERT INTO beats
SELECT jobs.id, jobs.epoch, heartbeats.beat_at - make_interval(secs => 13 * (60 - step)),
       (%(low)s + (%(high)s - %(low)s) * (1 - exp(-step / 14.0)) + 9e6 * sin(step * 1.7) * sin(step * 0.23))::bigint,
       upload_done_bytes * step / 60, (documents_done + documents_failed) * step / 60, chunks_stored * step / 60
  FROM jobs JOIN heartbeats ON heartbeats.job_id = jobs.id CROSS JOIN generate_series(0, 59) AS step
 WHERE jobs.id = %(id)s

-- name: stored
INSERT INTO documents (id, name, title, model, chunk_count) VALUES (%s, %s, %s, 'm', 8)

-- name: outcome
INSERT INTO job_documents (job_id, position, name, outcome, document_id, reason, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s)

-- name: many
-- A thousand imports, a minute apart; every hundredth is interrupted.
WITH made AS (
    INSERT INTO jobs (id, status, upload_bytes, upload_done_bytes, documents_total, documents_done, created_at)
    SELECT gen_random_uuid(), CASE WHEN number %% 100 = 50 THEN 'interrupted' ELSE 'completed' END, 1000, 600, 10, 6,
           now() - make_interval(mins => number)
      FROM generate_series(1, 1000) AS number
    RETURNING id, created_at
), files AS (
    INSERT INTO upload_files (job_id, ordinal, name, size_bytes)
    SELECT id, 0, 'import ' || row_number() OVER (ORDER BY created_at DESC) || '.txt', 1 FROM made
    RETURNING job_id
)
SELECT count(*) FROM files

-- name: many_parts
INSERT INTO upload_parts SELECT job_id, ordinal, 0, 'x' FROM upload_files
