-- What the API tells of jobs and of what they stored.

-- name: jobs
-- The page is cut first; what is told beside a job is looked up for its rows only. `first` is the status that goes
-- before all others. `pace` is what the newest attempt did in the 30 s before its last heartbeat.
SELECT jobs.id, jobs.status, jobs.stage, jobs.epoch, jobs.attempt, jobs.created_at, jobs.started_at, jobs.finished_at,
       jobs.last_chunk_at, jobs.upload_bytes, jobs.upload_done_bytes, jobs.documents_total, jobs.documents_done,
       jobs.documents_failed, jobs.duplicates, jobs.chunks_stored, jobs.error_code, jobs.error, jobs.window_halvings,
       heartbeats.memory_bytes, heartbeats.limit_bytes, heartbeats.beat_at, file.name AS file_name, file.files,
       pace.seconds AS pace_s, pace.upload_bytes AS pace_upload_bytes, pace.documents AS pace_documents,
       pace.chunks AS pace_chunks,
       file.files IS NOT NULL AND NOT EXISTS (
           SELECT FROM upload_files
            WHERE upload_files.job_id = jobs.id AND size_bytes > 0 AND NOT EXISTS (
                SELECT FROM upload_parts
                 WHERE upload_parts.job_id = jobs.id AND file_ordinal = ordinal AND part = 0)) AS has_source
  FROM (SELECT * FROM jobs
         WHERE (%(id)s::uuid IS NULL OR jobs.id = %(id)s)
           AND (%(statuses)s::text[] IS NULL OR jobs.status = ANY (%(statuses)s))
         ORDER BY status = %(first)s::text DESC, created_at DESC, id
         LIMIT %(limit)s OFFSET %(offset)s) AS jobs
  LEFT JOIN heartbeats ON heartbeats.job_id = jobs.id
  LEFT JOIN LATERAL (
       SELECT min(name) FILTER (WHERE ordinal = 0) AS name, nullif(count(*), 0) AS files
         FROM upload_files WHERE upload_files.job_id = jobs.id) AS file ON true
  LEFT JOIN LATERAL (
       SELECT extract(epoch FROM last.beat_at - first.beat_at)::float8 AS seconds,
              last.upload_done_bytes - first.upload_done_bytes AS upload_bytes,
              last.documents - first.documents AS documents, last.chunks - first.chunks AS chunks
         FROM (SELECT * FROM beats WHERE job_id = jobs.id AND epoch = heartbeats.epoch
                ORDER BY beat_at DESC LIMIT 1) AS last
        CROSS JOIN LATERAL (
              SELECT * FROM beats
               WHERE job_id = last.job_id AND epoch = last.epoch AND beat_at >= last.beat_at - interval '30 s'
               ORDER BY beat_at LIMIT 1) AS first) AS pace ON true
 ORDER BY jobs.status = %(first)s::text DESC, jobs.created_at DESC, jobs.id

-- name: count_jobs
SELECT count(*) FROM jobs WHERE %(statuses)s::text[] IS NULL OR status = ANY (%(statuses)s)

-- name: documents
SELECT settled.position, settled.name, settled.outcome, settled.document_id, documents.title,
       documents.chunk_count AS chunks
  FROM job_documents AS settled LEFT JOIN documents ON documents.id = settled.document_id
 WHERE settled.job_id = %(id)s AND settled.outcome <> 'failed'
 ORDER BY settled.position
 LIMIT %(limit)s OFFSET %(offset)s

-- name: errors
SELECT position, name, reason, detail
  FROM job_documents
 WHERE job_id = %(id)s AND outcome = 'failed'
 ORDER BY position
 LIMIT %(limit)s OFFSET %(offset)s

-- name: memory
-- The memory of the newest attempt that beat, in at most so many points; each is the highest of its span.
SELECT extract(epoch FROM min(beat_at))::float8 AS at, max(memory_bytes) AS memory_bytes
  FROM (SELECT beat_at, memory_bytes, ntile(%(points)s) OVER (ORDER BY beat_at) AS span
          FROM beats
         WHERE job_id = %(id)s AND epoch = %(epoch)s AND memory_bytes IS NOT NULL) AS spans
 GROUP BY span
 ORDER BY span

-- name: last_epoch
SELECT max(epoch) FROM beats WHERE job_id = %(id)s

-- name: search
SELECT nearest.text, nearest.distance, document.id AS document_id, document.name, document.title, document.ordinal
  FROM (SELECT id, text, {vector} {operator} {query}::{kind} AS distance
          FROM chunks
         WHERE model = {model} AND {column} IS NOT NULL
         ORDER BY {vector} {operator} {query}::{kind}
         LIMIT {limit}) AS nearest
 CROSS JOIN LATERAL (
       SELECT documents.id, documents.name, documents.title, document_chunks.ordinal
         FROM document_chunks JOIN documents ON documents.id = document_chunks.document_id
        WHERE document_chunks.chunk_id = nearest.id
        ORDER BY documents.id LIMIT 1) AS document
 ORDER BY nearest.distance
