-- What an import had done and what memory it took at each heartbeat: the memory graph, the pace and the time left.
-- A trigger keeps it, so that a heartbeat stays one statement of its runner.

CREATE TABLE beats (
    -- Not of jobs: a reference would lock the job's row, and a heartbeat must not wait for who holds it.
    job_id uuid NOT NULL REFERENCES heartbeats ON DELETE CASCADE,
    epoch integer NOT NULL,
    beat_at timestamptz NOT NULL,
    memory_bytes bigint,
    upload_done_bytes bigint NOT NULL,
    documents integer NOT NULL,
    chunks bigint NOT NULL
);
CREATE INDEX beats_of_job ON beats (job_id, epoch, beat_at);

CREATE FUNCTION keep_beat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO beats
    SELECT NEW.job_id, NEW.epoch, NEW.beat_at, NEW.memory_bytes,
           upload_done_bytes, documents_done + documents_failed, chunks_stored
      FROM jobs WHERE id = NEW.job_id;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_beat AFTER INSERT OR UPDATE OF beat_at ON heartbeats FOR EACH ROW EXECUTE FUNCTION keep_beat();
