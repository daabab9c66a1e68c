-- Who works on which task of a study. A row is the only word on that: a task is taken by one statement, and counted
-- by one. {now} is filled in with the database's own clock, in seconds.

-- name: create
CREATE TABLE IF NOT EXISTS halfgig_leases (
    study    text NOT NULL,
    task     text NOT NULL,
    owner    text NOT NULL,
    epoch    integer NOT NULL,
    beat_at  double precision NOT NULL,
    trial_id integer,
    done     integer NOT NULL,
    PRIMARY KEY (study, task)
)

-- name: take
INSERT INTO halfgig_leases (study, task, owner, epoch, beat_at, trial_id, done)
VALUES (:study, :task, :owner, 1, {now}, NULL, 0)
ON CONFLICT (study, task) DO UPDATE
   SET owner = excluded.owner, epoch = halfgig_leases.epoch + 1, beat_at = excluded.beat_at
 WHERE halfgig_leases.done = 0 AND halfgig_leases.beat_at < {now} - :stale_s
RETURNING epoch, trial_id

-- name: name_trial
UPDATE halfgig_leases SET trial_id = :trial_id
 WHERE study = :study AND task = :task AND epoch = :epoch AND owner = :owner

-- name: beat
UPDATE halfgig_leases SET beat_at = {now}
 WHERE study = :study AND task = :task AND epoch = :epoch AND owner = :owner AND done = 0

-- name: finish
UPDATE halfgig_leases SET done = 1
 WHERE study = :study AND task = :task AND epoch = :epoch AND owner = :owner AND done = 0

-- name: give_back
DELETE FROM halfgig_leases
 WHERE study = :study AND task = :task AND epoch = :epoch AND owner = :owner AND done = 0

-- name: done
SELECT task, trial_id FROM halfgig_leases WHERE study = :study AND done = 1

-- name: held
SELECT task, owner, {now} - beat_at AS silent_s FROM halfgig_leases WHERE study = :study AND done = 0
