-- Keys are the 16 bytes of a ULID, times microseconds since the Unix epoch, by the server's clock.
-- `*_fold` is the lower-case twin of an id, for prefix search only.

CREATE TABLE apps (
    key      BLOB PRIMARY KEY,
    name     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    settings TEXT NOT NULL               -- JSON
) WITHOUT ROWID;

CREATE TABLE conferences (
    id              INTEGER PRIMARY KEY,
    app             BLOB NOT NULL,
    key             BLOB NOT NULL UNIQUE,
    conference_id   TEXT NOT NULL,
    conference_fold TEXT NOT NULL,
    start           INTEGER NOT NULL,
    end             INTEGER NOT NULL,
    state           INTEGER NOT NULL,    -- 0 running, 1 ended, 2 finalised
    revision        INTEGER NOT NULL,
    mos_lq          REAL,
    mos_cq          REAL,
    mos_v           REAL,
    mos             REAL,                -- what a search by quality means: mos_cq, else mos_v
    issues          TEXT                 -- JSON, once finalised
);
CREATE INDEX conferences_by_start ON conferences (app, start, key);
CREATE INDEX conferences_by_id ON conferences (app, conference_fold, start);
CREATE INDEX conferences_by_mos ON conferences (app, mos, start) WHERE mos IS NOT NULL;
CREATE INDEX conferences_by_end ON conferences (app, end);
CREATE INDEX conferences_unfinished ON conferences (state) WHERE state < 2;

CREATE TABLE participants (
    id              INTEGER PRIMARY KEY,
    app             BLOB NOT NULL,
    conference      INTEGER NOT NULL,
    key             BLOB NOT NULL UNIQUE,
    user_id         TEXT NOT NULL,
    user_fold       TEXT NOT NULL,
    participant_id  TEXT NOT NULL,
    joined          INTEGER NOT NULL,
    last_seen       INTEGER NOT NULL,    -- last instant that a batch speaks of
    received        INTEGER NOT NULL,    -- when the last batch came: silence is judged by this
    ended           INTEGER,
    timed_out       INTEGER NOT NULL DEFAULT 0,
    user_name       TEXT NOT NULL DEFAULT '',
    alias_name      TEXT NOT NULL DEFAULT '',
    site            TEXT NOT NULL DEFAULT '',
    app_version     TEXT NOT NULL DEFAULT '',
    user_agent      TEXT NOT NULL DEFAULT '',
    browser         TEXT NOT NULL DEFAULT '',
    browser_fold    TEXT NOT NULL DEFAULT '',
    browser_version TEXT NOT NULL DEFAULT '',
    os              TEXT NOT NULL DEFAULT '',
    sdk             TEXT NOT NULL DEFAULT '',
    mos_lq          REAL,
    mos_cq          REAL,
    mos_v           REAL,
    scored          INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX participants_by_conference ON participants (conference, joined);
CREATE INDEX participants_by_stay ON participants (app, participant_id);
CREATE INDEX participants_by_user ON participants (app, user_fold, joined);
CREATE INDEX participants_by_browser ON participants (app, browser_fold, joined) WHERE browser_fold <> '';
CREATE INDEX participants_by_site ON participants (app, site, joined) WHERE site <> '';
CREATE INDEX participants_present ON participants (received) WHERE ended IS NULL;

CREATE TABLE additional_ids (
    participant INTEGER NOT NULL,
    app         BLOB NOT NULL,
    name        TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (participant, name)
) WITHOUT ROWID;
CREATE INDEX additional_ids_by_value ON additional_ids (app, value, name);

CREATE TABLE peer_connections (
    id                 INTEGER PRIMARY KEY,
    app                BLOB NOT NULL,
    conference         INTEGER NOT NULL,
    participant        INTEGER NOT NULL,
    key                BLOB NOT NULL UNIQUE,
    peer_connection_id TEXT NOT NULL,
    start              INTEGER NOT NULL,
    end                INTEGER NOT NULL,
    report_count       INTEGER NOT NULL DEFAULT 0,
    report_bytes       INTEGER NOT NULL DEFAULT 0,
    analysis           TEXT,             -- JSON, once finalised
    UNIQUE (participant, peer_connection_id)
);
CREATE INDEX peer_connections_by_conference ON peer_connections (conference, start);

-- Batches that were kept. peer_connection 0: those of the participant itself.
CREATE TABLE batches_seen (
    participant     INTEGER NOT NULL,
    peer_connection INTEGER NOT NULL,
    batch_seq       INTEGER NOT NULL,
    PRIMARY KEY (participant, peer_connection, batch_seq)
) WITHOUT ROWID;

CREATE TABLE chunks (
    id              INTEGER PRIMARY KEY,
    peer_connection INTEGER NOT NULL,
    first           INTEGER NOT NULL,
    last            INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    shift_us        INTEGER NOT NULL,
    bytes           BLOB NOT NULL        -- report codec
);
CREATE INDEX chunks_by_time ON chunks (peer_connection, first);

CREATE TABLE events (
    id              INTEGER PRIMARY KEY,
    conference      INTEGER NOT NULL,
    participant     INTEGER NOT NULL,
    peer_connection INTEGER NOT NULL,
    time            INTEGER NOT NULL,
    kind            TEXT NOT NULL,
    payload         TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (conference, time, id);

CREATE TABLE conference_issues (
    app        BLOB NOT NULL,
    rule       TEXT NOT NULL,
    start      INTEGER NOT NULL,
    conference INTEGER NOT NULL,
    severity   INTEGER NOT NULL,
    PRIMARY KEY (app, rule, start, conference)
) WITHOUT ROWID;
CREATE INDEX conference_issues_by_conference ON conference_issues (conference);
