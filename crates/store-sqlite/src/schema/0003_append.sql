-- `end` moves with every batch of a running conference, so no index of those holds it.
-- `reach` is no earlier than `end` and moves in strides: the longest conference is found by it.
ALTER TABLE conferences ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;
UPDATE conferences SET reach = end;
DROP INDEX conferences_by_end;
CREATE INDEX conferences_by_end ON conferences (app, end) WHERE state > 0;
DROP INDEX conferences_by_length;
CREATE INDEX conferences_by_length ON conferences (app, reach - start);
-- Issues of a severity, whatever the rule.
CREATE INDEX conference_issues_by_severity ON conference_issues (app, severity, start);
