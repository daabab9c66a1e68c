-- name: new_job
INSERT INTO jobs (id, status, upload_bytes) VALUES (%s, 'queued', 0)

-- name: new_file
INSERT INTO upload_files (job_id, ordinal, name, size_bytes) VALUES (%s, %s, %s, 0)

-- name: new_part
INSERT INTO upload_parts (job_id, file_ordinal, part, data) VALUES (%s, %s, %s, %b)

-- name: file_size
UPDATE upload_files SET size_bytes = %s WHERE job_id = %s AND ordinal = %s

-- name: upload_size
UPDATE jobs SET upload_bytes = (SELECT sum(size_bytes) FROM upload_files WHERE job_id = id) WHERE id = %s

-- name: part
SELECT data FROM upload_parts WHERE job_id = %s AND file_ordinal = %s AND part = %s
