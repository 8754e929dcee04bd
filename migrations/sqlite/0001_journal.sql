-- The journal's file, version 1. Applied as one transaction; the version is PRAGMA user_version.
BEGIN IMMEDIATE;

-- Who may write: the owner's epoch is raised at each start and compared inside every write.
CREATE TABLE lease (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  owner_epoch INTEGER NOT NULL,
  owner TEXT NOT NULL
);
INSERT INTO lease (id, owner_epoch, owner) VALUES (1, 0, '');

-- One row per commit, numbered without gaps; src/journal/row.rs describes the body.
CREATE TABLE journal (
  row_no INTEGER PRIMARY KEY,
  owner_epoch INTEGER NOT NULL,
  body BLOB NOT NULL
);

-- One row per session and keyframe: what the journal's rows held, compacted.
CREATE TABLE chunks (
  session BLOB NOT NULL,
  first_tick INTEGER NOT NULL,
  last_tick INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  keyframe INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (session, first_tick)
);

-- status: 0 live, 1 ended, 2 failed; times in microseconds since 1970.
CREATE TABLE sessions (
  id BLOB PRIMARY KEY,
  status INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  created_unix_us INTEGER NOT NULL,
  ended_unix_us INTEGER,
  last_tick INTEGER,
  summary BLOB,
  verify BLOB,
  header BLOB NOT NULL
);
CREATE INDEX sessions_by_status ON sessions (status, ended_unix_us);

-- Maps and rulesets by content hash.
CREATE TABLE blobs (
  hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  bytes BLOB NOT NULL
);

PRAGMA user_version = 1;
COMMIT;
