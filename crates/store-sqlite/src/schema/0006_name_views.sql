-- Who was shown real names. Outlives the conferences that it speaks of.
CREATE TABLE name_views (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    app           BLOB NOT NULL,
    viewer        TEXT NOT NULL,
    role          TEXT NOT NULL,
    conference    BLOB NOT NULL,
    conference_id TEXT NOT NULL,
    way           TEXT NOT NULL,
    name_count    INTEGER NOT NULL
);
CREATE INDEX name_views_by_app ON name_views (app, id);
CREATE INDEX name_views_by_time ON name_views (at);
