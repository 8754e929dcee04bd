-- Version 2: who was behind the pseudonyms of the logs, outside every log and hash.
BEGIN IMMEDIATE;

-- One row per session and player. No index by player alone: erasing looks at every row, and copies of ids stay few.
CREATE TABLE people (
  session BLOB NOT NULL,
  pseudonym INTEGER NOT NULL,
  player TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (session, player)
) WITHOUT ROWID;
CREATE UNIQUE INDEX people_by_pseudonym ON people (session, pseudonym);

-- How often somebody was erased: a running server looks at it to forget him too.
CREATE TABLE erasures (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL
);
INSERT INTO erasures (id, count) VALUES (1, 0);

PRAGMA user_version = 2;
COMMIT;
