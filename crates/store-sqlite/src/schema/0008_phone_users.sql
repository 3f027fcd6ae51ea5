-- Who may register by SIP with a password. Names are unique over all apps: clients of one server share its domain.
CREATE TABLE phone_users (
    name       TEXT PRIMARY KEY,
    app        BLOB NOT NULL,
    ha1_md5    BLOB NOT NULL,            -- MD5 of name:realm:password
    ha1_sha256 BLOB NOT NULL,            -- SHA-256 of the same
    created    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX phone_users_by_app ON phone_users (app);
