-- What is to be sent on to somebody else, until it has arrived or is given up. It goes with the participant whose batch it came with.
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    participant INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    due         INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    content     TEXT NOT NULL
);
CREATE INDEX deliveries_by_time ON deliveries (due);
CREATE INDEX deliveries_by_participant ON deliveries (participant);
CREATE TRIGGER deliveries_go_with_their_participant AFTER DELETE ON participants
BEGIN
    DELETE FROM deliveries WHERE participant = old.id;
END;
