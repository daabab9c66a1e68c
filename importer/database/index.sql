-- name: lock
-- Held by the session that builds: one builder for the whole database, and importers know whom to cancel.
SELECT pg_try_advisory_lock(5716, 3)

-- name: cancel_build
SELECT pg_cancel_backend(pid)
  FROM pg_locks
 WHERE locktype = 'advisory' AND classid = 5716 AND objid = 3 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: build
-- One statement: an import that starts is either seen by it, or sees its lock and cancels it.
DO $build$
BEGIN
    IF NOT EXISTS (SELECT FROM jobs WHERE status IN ('queued', 'running')) THEN
        CREATE INDEX IF NOT EXISTS {index} ON chunks USING hnsw (({column}::{kind}) {operators}) WHERE model = {model};
    END IF;
END
$build$

-- name: indexes
SELECT indexname FROM pg_indexes
 WHERE tablename = 'chunks' AND schemaname = current_schema() AND starts_with(indexname, %s)

-- name: wanted
SELECT to_regclass(%(index)s) IS NULL
   AND EXISTS (SELECT FROM chunks WHERE model = %(model)s)
   AND NOT EXISTS (SELECT FROM jobs WHERE status IN ('queued', 'running'))

-- name: state
SELECT CASE WHEN EXISTS (SELECT FROM pg_locks
                          WHERE locktype = 'advisory' AND classid = 5716 AND objid = 3 AND granted
                            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
            THEN 'building'
            WHEN to_regclass(%s) IS NOT NULL THEN 'ready'
            ELSE 'missing' END
