-- What the crash tester's oracle asks the importer's database. A block begins with a line `-- name: block_name`.
-- Blocks of violations yield a row for each; blocks of facts yield what is so. All of them hold in any state of the
-- database: while a job runs, after a kill, and once all is done. The columns of each are those that its comment names.

-- name: twice
-- Violations (kind, what, copies): content that is there more than once. Ids do not count: a row that came a second
-- time under another id is what is looked for.
WITH texts AS (
    SELECT d.id, d.model, d.title, string_agg(md5(c.text), '' ORDER BY m.ordinal) AS content
      FROM documents d JOIN document_chunks m ON m.document_id = d.id JOIN chunks c ON c.id = m.chunk_id
     GROUP BY d.id
)
SELECT 'document' AS kind, title AS what, count(*) AS copies
  FROM texts GROUP BY model, title, content HAVING count(*) > 1
UNION ALL
SELECT 'chunk', left(text, 60), count(*) FROM chunks GROUP BY model, text HAVING count(*) > 1
UNION ALL
SELECT 'concept', name, count(*) FROM concepts GROUP BY model, name HAVING count(*) > 1
UNION ALL
SELECT 'mention', min(t.title) || ': ' || c.name, count(*)
  FROM mentions m JOIN texts t ON t.id = m.document_id JOIN concepts c ON c.id = m.concept_id
 GROUP BY t.model, t.title, t.content, c.name HAVING count(*) > 1
UNION ALL
SELECT 'relation', least(s.name, t.name) || ' and ' || greatest(s.name, t.name), count(*)
  FROM relations r JOIN concepts s ON s.id = r.source JOIN concepts t ON t.id = r.target
 GROUP BY s.model, least(s.name, t.name), greatest(s.name, t.name) HAVING count(*) > 1
 ORDER BY kind, what

-- name: half_documents
-- Violations (document, what): a document of which something is not there. A document that nothing refers to and
-- chunks without a document are no violations here: a job that goes on will use them.
SELECT d.name AS document, part.present || ' of ' || d.chunk_count || ' chunks' AS what
  FROM documents d
 CROSS JOIN LATERAL (
       SELECT count(*) AS present, count(DISTINCT m.ordinal) FILTER (WHERE m.ordinal < d.chunk_count) AS places
         FROM document_chunks m JOIN chunks c ON c.id = m.chunk_id
        WHERE m.document_id = d.id AND (c.embedding IS NOT NULL OR c.embedding_half IS NOT NULL)) AS part
 WHERE part.present <> d.chunk_count OR part.places <> d.chunk_count
UNION ALL
SELECT d.name, 'a concept that it mentions is not stored, or has no vector'
  FROM mentions m JOIN documents d ON d.id = m.document_id
 WHERE NOT EXISTS (SELECT FROM concepts c
                    WHERE c.id = m.concept_id AND (c.embedding IS NOT NULL OR c.embedding_half IS NOT NULL))
UNION ALL
SELECT d.name, 'fewer mentions than concepts were found in it'
  FROM documents d JOIN extractions e ON e.id = d.extraction_id
 WHERE cardinality(e.concepts) > (SELECT count(*) FROM mentions m WHERE m.document_id = d.id)
UNION ALL
SELECT d.name, 'its extraction is not stored'
  FROM documents d
 WHERE d.extraction_id IS NOT NULL AND NOT EXISTS (SELECT FROM extractions e WHERE e.id = d.extraction_id)
UNION ALL
SELECT 'mentions of ' || m.document_id, 'the document itself is not stored'
  FROM mentions m WHERE NOT EXISTS (SELECT FROM documents d WHERE d.id = m.document_id)
 ORDER BY document, what

-- name: checkpoint_ahead
-- Violations (job, what): a job whose counts and lists say more than what is stored. `chunks_stored` counts rows that
-- garbage collection takes away again where documents failed, so it is compared where none did.
WITH whole AS (
    SELECT d.id FROM documents d
     WHERE d.chunk_count = (SELECT count(*) FROM document_chunks m JOIN chunks c ON c.id = m.chunk_id
                             WHERE m.document_id = d.id)
       AND NOT EXISTS (SELECT FROM mentions m WHERE m.document_id = d.id
                          AND NOT EXISTS (SELECT FROM concepts c WHERE c.id = m.concept_id))
), listed AS (
    SELECT job_id, count(*) AS settled, max(position) + 1 AS beyond,
           count(*) FILTER (WHERE outcome = 'failed') AS failed,
           count(*) FILTER (WHERE outcome <> 'failed'
               AND NOT EXISTS (SELECT FROM whole WHERE whole.id = document_id)) AS without_data
      FROM job_documents GROUP BY job_id
)
SELECT j.id::text AS job,
       (j.documents_done + j.documents_failed) || ' documents counted, ' || coalesce(l.settled, 0) || ' listed' AS what
  FROM jobs j LEFT JOIN listed l ON l.job_id = j.id
 WHERE j.documents_done + j.documents_failed > coalesce(l.settled, 0)
UNION ALL
SELECT l.job_id::text, 'documents up to ' || l.beyond || ' are listed, but only ' || l.settled || ' of them'
  FROM listed l WHERE l.beyond <> l.settled
UNION ALL
SELECT l.job_id::text, l.without_data || ' documents are listed as stored and are not there, or not whole'
  FROM listed l WHERE l.without_data > 0
UNION ALL
SELECT j.id::text, j.chunks_stored || ' chunks counted, ' || stored.chunks || ' stored'
  FROM jobs j LEFT JOIN listed l ON l.job_id = j.id
 CROSS JOIN LATERAL (SELECT count(*) AS chunks FROM chunks c WHERE c.job_id = j.id) AS stored
 WHERE j.chunks_stored > stored.chunks AND coalesce(l.failed, 0) = 0
 ORDER BY job, what

-- name: dishonest_status
-- Violations (job, what): a job whose status says what is not so.
SELECT id::text AS job, 'it is ' || status || ' with ' || (documents_done + documents_failed) || ' of '
       || coalesce(documents_total::text, 'an unknown number of') || ' documents settled' AS what
  FROM jobs
 WHERE status IN ('completed', 'completed_with_errors')
   AND documents_total IS DISTINCT FROM documents_done + documents_failed
UNION ALL
SELECT id::text, 'it is completed and ' || documents_failed || ' documents failed'
  FROM jobs WHERE status = 'completed' AND documents_failed > 0
UNION ALL
SELECT id::text, 'it is completed_with_errors and no document failed'
  FROM jobs WHERE status = 'completed_with_errors' AND documents_failed = 0
UNION ALL
SELECT id::text, 'it is ' || status || ' and says no reason'
  FROM jobs WHERE status IN ('interrupted', 'failed') AND (error_code IS NULL OR error IS NULL)
UNION ALL
SELECT id::text, 'it is ' || status || ' and has no time of its end'
  FROM jobs WHERE status NOT IN ('queued', 'running') AND finished_at IS NULL
UNION ALL
SELECT j.id::text, 'it counts ' || j.documents_failed || ' failed documents and lists ' || listed.failed
  FROM jobs j
 CROSS JOIN LATERAL (SELECT count(*) AS failed FROM job_documents d
                      WHERE d.job_id = j.id AND d.outcome = 'failed' AND d.reason IS NOT NULL) AS listed
 WHERE j.documents_failed <> listed.failed
 ORDER BY job, what

-- name: leftovers
-- Violations (kind, what): rows that no document refers to, once every job is complete and no collection of garbage
-- is due.
WITH settled AS (
    SELECT NOT EXISTS (SELECT FROM jobs WHERE status NOT IN ('completed', 'completed_with_errors'))
       AND NOT EXISTS (SELECT FROM collections) AS is_over
)
SELECT 'chunk' AS kind, left(c.text, 60) AS what
  FROM chunks c, settled WHERE is_over AND NOT EXISTS (SELECT FROM document_chunks m WHERE m.chunk_id = c.id)
UNION ALL
SELECT 'concept', c.name
  FROM concepts c, settled WHERE is_over AND NOT EXISTS (SELECT FROM mentions m WHERE m.concept_id = c.id)
UNION ALL
SELECT 'document', d.name
  FROM documents d, settled WHERE is_over AND NOT EXISTS (SELECT FROM job_documents j WHERE j.document_id = d.id)
 ORDER BY kind, what

-- name: jobs
-- Facts: one row a job, oldest first, its status in the words of the contract; `settled` is the checkpoint, `listed`
-- the documents that it stands for.
SELECT j.id::text AS job, j.status, j.epoch, j.attempt, j.documents_total AS total,
       j.documents_done + j.documents_failed AS settled, j.documents_failed AS failed, j.chunks_stored AS chunks,
       (SELECT count(*) FROM job_documents d WHERE d.job_id = j.id) AS listed,
       j.error_code, j.memory_kills, j.window_halvings
  FROM jobs j ORDER BY j.created_at, j.id

-- name: paid
-- Facts (digest): SHA-256, in hex, of each text whose vector is committed, as the provider was sent it.
SELECT encode(sha256(convert_to(text, 'UTF8')), 'hex') AS digest
  FROM chunks WHERE embedding IS NOT NULL OR embedding_half IS NOT NULL
UNION
SELECT encode(sha256(convert_to('concept: ' || name, 'UTF8')), 'hex')
  FROM concepts WHERE embedding IS NOT NULL OR embedding_half IS NOT NULL
 ORDER BY digest

-- name: paid_answers
-- Facts (endpoint, answers): how many answers of an endpoint whose inputs cannot be told from the tables are committed.
SELECT 'openai.chat' AS endpoint, count(*) AS answers FROM extractions

-- name: failed_documents
-- Facts (name, reason): the documents that failed, each by its job's list.
SELECT name, reason FROM job_documents WHERE outcome = 'failed' ORDER BY job_id, position

-- name: writes
-- Facts (table, rows, versions): `versions` changes whenever any row is written, also with the same content: it adds
-- up which transaction wrote each row, and where. Heartbeats and the queue's own tables are housekeeping.
SELECT 'jobs' AS name, count(*) AS rows, coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text AS versions
  FROM jobs t
UNION ALL
SELECT 'job_documents', count(*), coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text
  FROM job_documents t
UNION ALL
SELECT 'documents', count(*), coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text FROM documents t
UNION ALL
SELECT 'chunks', count(*), coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text FROM chunks t
UNION ALL
SELECT 'document_chunks', count(*), coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text
  FROM document_chunks t
UNION ALL
SELECT 'extractions', count(*), coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text FROM extractions t
UNION ALL
SELECT 'concepts', count(*), coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text FROM concepts t
UNION ALL
SELECT 'mentions', count(*), coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text FROM mentions t
UNION ALL
SELECT 'relations', count(*), coalesce(sum(hashtextextended(t.xmin::text || t.ctid, 0)), 0)::text FROM relations t
 ORDER BY name

-- name: garbage_due
-- Facts (table): tables of `writes` from which rows may still go by themselves, because a collection is due.
SELECT name FROM (VALUES ('chunks'), ('concepts'), ('extractions'), ('relations')) AS tables (name)
 WHERE EXISTS (SELECT FROM collections)

-- name: vectors
-- Facts (prompt, vector): what the provider was sent for each stored vector, and the vector as the bytes of
-- vector_send (two numbers of 16 bits, then float32, big-endian), whether it is stored as vector or halfvec.
SELECT text AS prompt, vector_send(coalesce(embedding, embedding_half::vector)) AS vector
  FROM chunks WHERE embedding IS NOT NULL OR embedding_half IS NOT NULL
UNION ALL
SELECT 'concept: ' || name, vector_send(coalesce(embedding, embedding_half::vector))
  FROM concepts WHERE embedding IS NOT NULL OR embedding_half IS NOT NULL
 ORDER BY prompt
