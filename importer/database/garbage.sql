-- What no job refers to any more. A running import may have seen a row as existing and rely on it, so this runs
-- only while none is running, under a lock that every claim shares.

-- name: lock
SELECT pg_try_advisory_xact_lock(5716, 2)

-- name: request
INSERT INTO collections DEFAULT VALUES

-- name: take_requests
DELETE FROM collections WHERE NOT EXISTS (SELECT FROM jobs WHERE status = 'running') RETURNING requested_at

-- name: collect
-- Chunks, concepts and extractions of a job that may go on are kept without a document: they are paid for.
CREATE TEMP TABLE dropped_documents ON COMMIT DROP AS
    SELECT id FROM documents
     WHERE NOT EXISTS (SELECT FROM job_documents WHERE job_documents.document_id = documents.id);
CREATE TEMP TABLE touched_concepts ON COMMIT DROP AS
    SELECT DISTINCT concept_id FROM mentions JOIN dropped_documents ON dropped_documents.id = document_id;
CREATE TEMP TABLE unfinished_jobs ON COMMIT DROP AS
    SELECT id FROM jobs WHERE status NOT IN ('completed', 'completed_with_errors');
DELETE FROM mentions USING dropped_documents WHERE document_id = dropped_documents.id;
DELETE FROM document_chunks USING dropped_documents WHERE document_id = dropped_documents.id;
DELETE FROM documents USING dropped_documents WHERE documents.id = dropped_documents.id;
DELETE FROM chunks
 WHERE NOT EXISTS (SELECT FROM document_chunks WHERE chunk_id = chunks.id)
   AND NOT EXISTS (SELECT FROM unfinished_jobs WHERE unfinished_jobs.id = job_id);
DELETE FROM extractions
 WHERE NOT EXISTS (SELECT FROM documents WHERE extraction_id = extractions.id)
   AND NOT EXISTS (SELECT FROM unfinished_jobs WHERE unfinished_jobs.id = job_id);
DELETE FROM concepts
 WHERE NOT EXISTS (SELECT FROM mentions WHERE concept_id = concepts.id)
   AND NOT EXISTS (SELECT FROM unfinished_jobs WHERE unfinished_jobs.id = job_id);
UPDATE relations
   SET documents = (SELECT count(*) FROM mentions AS one JOIN mentions AS other USING (document_id)
                     WHERE one.concept_id = source AND other.concept_id = target)
 WHERE source IN (SELECT concept_id FROM touched_concepts) AND target IN (SELECT concept_id FROM touched_concepts);
DELETE FROM relations
 WHERE documents = 0
    OR NOT EXISTS (SELECT FROM concepts WHERE id = source) OR NOT EXISTS (SELECT FROM concepts WHERE id = target)
