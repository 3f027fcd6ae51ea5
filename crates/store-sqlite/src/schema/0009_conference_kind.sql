-- Pre-call tests, bridges and devices are kept like calls, and looked for by themselves.
ALTER TABLE conferences ADD COLUMN kind INTEGER NOT NULL DEFAULT 0; -- 0 call, 1 pre-call test, 2 bridge, 3 device
CREATE INDEX conferences_apart ON conferences (app, kind, start) WHERE kind > 0;
UPDATE conferences SET kind = 1 WHERE id IN (SELECT conference FROM events WHERE kind IN ('pre_call_test', 'pre_call_notification'));
