-- What is stored, as one row a kind: name, rows, and a digest that does not depend on order, ids or times.
-- A sum of 64-bit hashes is the same in any order, and unlike an exclusive or it sees a row that is there twice.
WITH texts AS (
    SELECT d.id, d.title, d.name, count(*) AS chunks,
           md5(string_agg(md5(c.text), '' ORDER BY m.ordinal)) AS content
    FROM documents d
    JOIN document_chunks m ON m.document_id = d.id
    JOIN chunks c ON c.id = m.chunk_id
    GROUP BY d.id
), used AS (
    SELECT DISTINCT chunk_id FROM document_chunks
)
SELECT 'documents' AS name, count(*) AS rows,
       coalesce(sum(hashtextextended(title || chr(1) || name || chr(1) || chunks || chr(1) || content, 0)), 0)::text AS digest
FROM texts
UNION ALL
SELECT 'chunks', count(*),
       coalesce(sum(hashtextextended(c.text, hash_bytes)), 0)::text
FROM used
JOIN chunks c ON c.id = used.chunk_id
CROSS JOIN LATERAL (
    SELECT hashbyteaextended(coalesce(vector_send(c.embedding), halfvec_send(c.embedding_half)), 0) AS hash_bytes
) AS vectors
UNION ALL
SELECT 'concepts', count(*),
       coalesce(sum(hashtextextended(c.name,
           hashbyteaextended(coalesce(vector_send(c.embedding), halfvec_send(c.embedding_half)), 0))), 0)::text
FROM concepts c
WHERE EXISTS (SELECT FROM mentions WHERE concept_id = c.id)
UNION ALL
SELECT 'mentions', count(*), coalesce(sum(hashtextextended(t.content || c.name, 0)), 0)::text
FROM mentions m
JOIN texts t ON t.id = m.document_id
JOIN concepts c ON c.id = m.concept_id
UNION ALL
SELECT 'relations', count(*), coalesce(sum(hashtextextended(
    least(s.name, t.name) || chr(1) || greatest(s.name, t.name) || chr(1) || r.documents, 0)), 0)::text
FROM relations r
JOIN concepts s ON s.id = r.source
JOIN concepts t ON t.id = r.target
