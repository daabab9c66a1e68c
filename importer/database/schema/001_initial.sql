-- Identity is content: a chunk's id is a digest of (model, text), a document's of its text and how it was
-- processed, a concept's of (model, name). Storing the same content again finds the row that is there.
--
-- There are no foreign keys into chunks and documents: checking them costs about a tenth of a COPY, and every
-- writer settles a document in one transaction. `collect_garbage` (garbage.sql) keeps the tables consistent.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN
        ('queued', 'running', 'interrupted', 'completed', 'completed_with_errors', 'failed', 'cancelled')),
    stage text NOT NULL DEFAULT 'read' CHECK (stage IN ('read', 'chunk', 'embed', 'extract', 'store', 'index')),
    epoch integer NOT NULL DEFAULT 1,
    attempt integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    last_chunk_at timestamptz,
    upload_bytes bigint NOT NULL,
    upload_done_bytes bigint NOT NULL DEFAULT 0,
    documents_total integer,
    documents_done integer NOT NULL DEFAULT 0,
    documents_failed integer NOT NULL DEFAULT 0,
    duplicates integer NOT NULL DEFAULT 0,
    chunks_stored bigint NOT NULL DEFAULT 0,
    error_code text,
    error text,
    -- The Procrastinate job that stands for this epoch; without it a queued job would wait for ever.
    queue_job bigint,
    -- Kill-loop rule: every memory kill halves the window; the second one in a row without a new commit, which
    -- is without chunks_stored + documents_done + documents_failed exceeding what they were at the claim, fails it.
    window_halvings integer NOT NULL DEFAULT 0,
    memory_kills integer NOT NULL DEFAULT 0,
    committed_at_claim bigint NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_age ON jobs (created_at DESC, id);
CREATE INDEX jobs_unfinished ON jobs (status) WHERE status IN ('queued', 'running');

-- Signs of life of a job's runner. They are not columns of jobs, because a write transaction holds that row.
CREATE TABLE heartbeats (
    job_id uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    epoch integer NOT NULL,
    -- The instance (process) that runs the job: its sessions have the application_name `importer:<runner>`.
    runner text NOT NULL,
    beat_at timestamptz NOT NULL DEFAULT now(),
    -- The memory cgroup that oom_kills counts for: only a reader in the same group can compare it.
    memory_group text,
    memory_bytes bigint,
    limit_bytes bigint,
    oom_kills bigint
);

-- A row here asks for a collection of what no job refers to any more; it waits until no import is running.
CREATE TABLE collections (requested_at timestamptz NOT NULL DEFAULT now());

CREATE TABLE upload_files (
    job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    ordinal integer NOT NULL,
    name text NOT NULL,
    size_bytes bigint NOT NULL,
    documents integer,
    PRIMARY KEY (job_id, ordinal)
);

CREATE TABLE upload_parts (
    job_id uuid NOT NULL,
    file_ordinal integer NOT NULL,
    part integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (job_id, file_ordinal, part),
    FOREIGN KEY (job_id, file_ordinal) REFERENCES upload_files ON DELETE CASCADE
);
ALTER TABLE upload_parts ALTER COLUMN data SET STORAGE EXTERNAL;

-- Ids travel packed, 16 bytes each behind one another: lists of uuids cost the service five times their look-up.
CREATE FUNCTION id_at(packed bytea, place integer) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN encode(substring(packed FROM 16 * place + 1 FOR 16), 'hex')::uuid;
CREATE FUNCTION unpack_ids(packed bytea) RETURNS SETOF uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT id_at(packed, place) FROM generate_series(0, length(packed) / 16 - 1) AS place;
END;

CREATE TABLE documents (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    title text NOT NULL,
    model text NOT NULL,
    chunk_count integer NOT NULL,
    extraction_id uuid
);

-- What became of each document of a job, in the order of the upload; `position` counts from 0 over the whole
-- job. A document settles once, in order, so the number of rows is the checkpoint.
CREATE TABLE job_documents (
    job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    position integer NOT NULL,
    name text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('stored', 'duplicate', 'failed')),
    document_id uuid,
    reason text,
    detail text,
    PRIMARY KEY (job_id, position)
);
CREATE INDEX job_documents_by_document ON job_documents (document_id) WHERE document_id IS NOT NULL;

-- A vector of 1,536 numbers fits in a page beside its text. With this target Postgres leaves such rows as they are,
-- instead of compressing the text and moving vectors into TOAST, whose table and index cost as much again; longer
-- vectors still go there.
CREATE TABLE chunks (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL,
    model text NOT NULL,
    text text NOT NULL,
    embedding vector,
    embedding_half halfvec
) WITH (toast_tuple_target = 8160);

-- What a document consists of, in order.
CREATE TABLE document_chunks (
    document_id uuid NOT NULL,
    ordinal integer NOT NULL,
    chunk_id uuid NOT NULL,
    PRIMARY KEY (document_id, ordinal)
);
CREATE INDEX document_chunks_by_chunk ON document_chunks (chunk_id);

-- What the LLM said of a prompt: id is a digest of (model, prompt).
CREATE TABLE extractions (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL,
    model text NOT NULL,
    concepts text[] NOT NULL
);
CREATE TABLE concepts (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL,
    model text NOT NULL,
    name text NOT NULL,
    embedding vector,
    embedding_half halfvec
) WITH (toast_tuple_target = 8160);

-- Which documents are about which concepts.
CREATE TABLE mentions (
    document_id uuid NOT NULL,
    concept_id uuid NOT NULL,
    PRIMARY KEY (document_id, concept_id)
);
CREATE INDEX mentions_by_concept ON mentions (concept_id);
-- Two concepts that share documents; source < target.
CREATE TABLE relations (
    source uuid NOT NULL,
    target uuid NOT NULL,
    documents integer NOT NULL,
    PRIMARY KEY (source, target)
);
