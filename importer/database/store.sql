-- What a running import reads and writes. Writes run in a transaction that `lock_job` opened (fence.py).

-- name: lock_job
SELECT documents_done + documents_failed FROM jobs
 WHERE id = %s AND epoch = %s AND status = 'running'
   FOR NO KEY UPDATE

-- name: known
-- Asked before each embedding request: is the job still ours, and which of these are stored? LIMIT 1 keeps the plan
-- a look-up an id, also when it was made while the table was small.
SELECT EXISTS (SELECT FROM jobs WHERE id = %(job)s AND epoch = %(epoch)s AND status = 'running'),
       ARRAY(SELECT wanted.id FROM unpack_ids(%(chunks)s) AS wanted (id)
              CROSS JOIN LATERAL (SELECT FROM chunks WHERE chunks.id = wanted.id LIMIT 1) AS found),
       ARRAY(SELECT wanted.id FROM unpack_ids(%(concepts)s) AS wanted (id)
              CROSS JOIN LATERAL (SELECT FROM concepts WHERE concepts.id = wanted.id LIMIT 1) AS found)

-- name: known_extraction
-- Asked before each chat request.
SELECT EXISTS (SELECT FROM jobs WHERE id = %(job)s AND epoch = %(epoch)s AND status = 'running'),
       (SELECT concepts FROM extractions WHERE id = %(id)s)

-- name: copy_chunks
COPY chunks (id, job_id, model, text, embedding) FROM STDIN (FORMAT BINARY)

-- name: copy_chunks_half
COPY chunks (id, job_id, model, text, embedding_half) FROM STDIN (FORMAT BINARY)

-- name: copy_concepts
COPY concepts (id, job_id, model, name, embedding) FROM STDIN (FORMAT BINARY)

-- name: copy_concepts_half
COPY concepts (id, job_id, model, name, embedding_half) FROM STDIN (FORMAT BINARY)

-- name: add_extraction
INSERT INTO extractions (id, job_id, model, concepts) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO NOTHING

-- name: add_chunks_beyond
-- Chunks of a document that is too long for one statement; nothing is added to one that is stored.
INSERT INTO document_chunks (document_id, ordinal, chunk_id)
SELECT %(document)s, %(first)s::integer + place, id_at(%(ids)s, place)
  FROM generate_series(0, length(%(ids)s) / 16 - 1) AS place
 WHERE NOT EXISTS (SELECT FROM documents WHERE id = %(document)s)
    ON CONFLICT DO NOTHING

-- name: settle
-- Of documents with the same content the first is stored, unless it was before, by whatever job. All chunk and concept
-- ids come packed behind one another; a document says where its own start and how many they are.
WITH settled AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(documents)s) AS one (
        position integer, name text, title text, id uuid, is_first boolean, extraction_id uuid, chunk_count integer,
        chunks_start integer, chunks_here integer, concepts_start integer, concepts_here integer,
        reason text, detail text)
), new AS (
    INSERT INTO documents (id, name, title, model, chunk_count, extraction_id)
    SELECT id, name, title, %(model)s, chunk_count, extraction_id FROM settled WHERE is_first ORDER BY id
        ON CONFLICT (id) DO NOTHING
    RETURNING id
), new_chunks AS (
    INSERT INTO document_chunks (document_id, ordinal, chunk_id)
    SELECT id, place, id_at(%(chunk_ids)s, chunks_start + place)
      FROM new JOIN settled USING (id) CROSS JOIN LATERAL generate_series(0, chunks_here - 1) AS place
     WHERE is_first
), new_mentions AS (
    INSERT INTO mentions (document_id, concept_id)
    SELECT id, id_at(%(concept_ids)s, concepts_start + place)
      FROM new JOIN settled USING (id) CROSS JOIN LATERAL generate_series(0, concepts_here - 1) AS place
     WHERE is_first
), outcomes AS (
    INSERT INTO job_documents (job_id, position, name, outcome, document_id, reason, detail)
    SELECT %(job)s, position, name,
           CASE WHEN id IS NULL THEN 'failed'
                WHEN is_first AND id IN (SELECT id FROM new) THEN 'stored'
                ELSE 'duplicate' END,
           id, reason, detail
      FROM settled
    RETURNING outcome
), counted AS (
    SELECT count(*) FILTER (WHERE outcome <> 'failed') AS done, count(*) FILTER (WHERE outcome = 'failed') AS failed,
           count(*) FILTER (WHERE outcome = 'duplicate') AS duplicates
      FROM outcomes
)
UPDATE jobs
   SET documents_done = documents_done + counted.done,
       documents_failed = documents_failed + counted.failed,
       duplicates = jobs.duplicates + counted.duplicates,
       upload_done_bytes = greatest(upload_done_bytes, %(upload)s),
       stage = %(stage)s,
       chunks_stored = chunks_stored + %(chunks)s,
       last_chunk_at = CASE WHEN %(chunks)s > 0 THEN clock_timestamp() ELSE last_chunk_at END
  FROM counted
 WHERE jobs.id = %(job)s

-- name: progress
-- The same for a transaction that settles no document.
UPDATE jobs
   SET stage = %(stage)s,
       chunks_stored = chunks_stored + %(chunks)s,
       last_chunk_at = CASE WHEN %(chunks)s > 0 THEN clock_timestamp() ELSE last_chunk_at END
 WHERE id = %(job)s

-- name: set_file_documents
UPDATE upload_files SET documents = %s WHERE job_id = %s AND ordinal = %s

-- name: set_documents_total
UPDATE jobs SET documents_total = %s WHERE id = %s

-- name: has_remains
SELECT EXISTS (SELECT FROM job_documents
                WHERE job_id = %s AND outcome = 'failed' AND reason IN ('rejected_input', 'extraction'))

-- name: touched_sources
-- The next concepts that this job's documents mention, in the order of their ids.
SELECT DISTINCT mentions.concept_id
  FROM job_documents JOIN mentions USING (document_id)
 WHERE job_documents.job_id = %(job)s AND mentions.concept_id > %(after)s
 ORDER BY mentions.concept_id
 LIMIT %(limit)s

-- name: lock_relations
-- Of two jobs that complete together, the later one counts with what the earlier one has settled.
SELECT pg_advisory_xact_lock(5716, 3)

-- name: recompute_relations
-- Pairs of these sources that this job's documents mention together, counted over all documents.
WITH touched AS (
    SELECT DISTINCT one.concept_id AS source, other.concept_id AS target
      FROM job_documents
      JOIN mentions AS one USING (document_id)
      JOIN mentions AS other ON other.document_id = one.document_id AND other.concept_id > one.concept_id
     WHERE job_documents.job_id = %(job)s AND one.concept_id = ANY (%(sources)s)
), counted AS (
    SELECT one.concept_id AS source, other.concept_id AS target, count(*)::integer AS documents
      FROM mentions AS one
      JOIN mentions AS other ON other.document_id = one.document_id AND other.concept_id > one.concept_id
     WHERE one.concept_id = ANY (%(sources)s)
     GROUP BY 1, 2
)
INSERT INTO relations (source, target, documents)
SELECT source, target, documents FROM touched JOIN counted USING (source, target)
    ON CONFLICT (source, target) DO UPDATE SET documents = excluded.documents
 WHERE relations.documents <> excluded.documents
