-- The stretches that pulled scores down the most (JSON).
ALTER TABLE conferences ADD COLUMN moments TEXT;
