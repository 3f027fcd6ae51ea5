-- The longest conference bounds how far before a time range one may have begun that reaches into it.
CREATE INDEX conferences_by_length ON conferences (app, end - start);
