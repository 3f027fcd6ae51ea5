-- Which model of the engine judged a conference, and why it was poor where it was (JSON).
ALTER TABLE conferences ADD COLUMN model INTEGER;
ALTER TABLE conferences ADD COLUMN diagnoses TEXT;
CREATE INDEX conferences_by_model ON conferences (key, model) WHERE state = 2;
