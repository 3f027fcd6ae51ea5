-- Who may log in to the dashboard. They belong to no app.
CREATE TABLE local_users (
    name          TEXT PRIMARY KEY,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,         -- PHC string
    created       INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE sessions (
    token_digest BLOB PRIMARY KEY,       -- SHA-256
    user         TEXT NOT NULL,
    created      INTEGER NOT NULL,
    expires      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user);
CREATE INDEX sessions_by_expiry ON sessions (expires);
CREATE TRIGGER sessions_go_with_their_user AFTER DELETE ON local_users
BEGIN
    DELETE FROM sessions WHERE user = old.name;
END;
CREATE TRIGGER sessions_end_with_a_change AFTER UPDATE ON local_users
BEGIN
    DELETE FROM sessions WHERE user = old.name;
END;
