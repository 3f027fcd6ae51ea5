-- By which rules a conference was judged (a preset and what its app changed of it), and in which round.
ALTER TABLE conferences ADD COLUMN rules TEXT;
ALTER TABLE conferences ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
DROP INDEX conferences_by_model;
CREATE INDEX conferences_by_judge ON conferences (app, key, model, rules, round) WHERE state = 2;

-- One row: the round that judging is in. A new one begins when all of history is to be judged again, and is open until it was.
CREATE TABLE judging (
    round INTEGER NOT NULL,
    is_open INTEGER NOT NULL
) STRICT;
INSERT INTO judging VALUES (0, 0);
