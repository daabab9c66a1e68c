-- What the API tells of jobs and of what they stored.

-- name: jobs
SELECT jobs.id, jobs.status, jobs.stage, jobs.epoch, jobs.attempt, jobs.created_at, jobs.started_at, jobs.finished_at,
       jobs.last_chunk_at, jobs.upload_bytes, jobs.upload_done_bytes, jobs.documents_total, jobs.documents_done,
       jobs.documents_failed, jobs.duplicates, jobs.chunks_stored, jobs.error_code, jobs.error, jobs.window_halvings,
       heartbeats.memory_bytes, heartbeats.limit_bytes, file.name AS file_name, file.files,
       file.files IS NOT NULL AND NOT EXISTS (
           SELECT FROM upload_files
            WHERE upload_files.job_id = jobs.id AND size_bytes > 0 AND NOT EXISTS (
                SELECT FROM upload_parts
                 WHERE upload_parts.job_id = jobs.id AND file_ordinal = ordinal AND part = 0)) AS has_source
  FROM jobs
  LEFT JOIN heartbeats ON heartbeats.job_id = jobs.id
  LEFT JOIN LATERAL (
       SELECT min(name) FILTER (WHERE ordinal = 0) AS name, nullif(count(*), 0) AS files
         FROM upload_files WHERE upload_files.job_id = jobs.id) AS file ON true
 WHERE (%(id)s::uuid IS NULL OR jobs.id = %(id)s)
   AND (%(statuses)s::text[] IS NULL OR jobs.status = ANY (%(statuses)s))
 ORDER BY jobs.created_at DESC, jobs.id
 LIMIT %(limit)s OFFSET %(offset)s

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
