-- What `sqlite3 leuko.db .dump` says of a store of version 1: four cells, one of them merged.
PRAGMA application_id = 1281717611;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE cells (
    session INTEGER NOT NULL REFERENCES sessions (id),
    number INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    x_um REAL NOT NULL,
    y_um REAL NOT NULL,
    status TEXT NOT NULL,
    class TEXT NOT NULL,
    probabilities TEXT NOT NULL,
    views INTEGER NOT NULL,
    area_um2 REAL NOT NULL,
    sharpness REAL NOT NULL,
    reason TEXT NOT NULL,
    merged_into INTEGER,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    clock_is_set INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    UNIQUE (session, number),
    FOREIGN KEY (session, merged_into) REFERENCES cells (session, number)
) STRICT;
INSERT INTO "cells" VALUES(1,1,1,10.5,-2.0,'counted','neutrophil','[0.93, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]',5,101.5,88.0,'',NULL,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',101.0,'2026-11-21T08:00:01.000000+00:00',1,2);
INSERT INTO "cells" VALUES(1,2,1,21.0,-2.0,'counted','neutrophil','[0.93, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]',5,101.5,88.0,'',NULL,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',101.0,'2026-11-21T08:00:01.000000+00:00',1,3);
INSERT INTO "cells" VALUES(1,3,1,31.5,-2.0,'counted','lymphocyte','[0.01, 0.93, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]',5,101.5,88.0,'',NULL,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',101.0,'2026-11-21T08:00:01.000000+00:00',1,4);
INSERT INTO "cells" VALUES(1,4,1,42.0,-2.0,'counted','lymphocyte','[0.01, 0.93, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]',5,101.5,88.0,'',1,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',102.0,'2026-11-21T08:00:02.000000+00:00',1,6);
CREATE TABLE log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    clock_is_set INTEGER NOT NULL,
    session INTEGER REFERENCES sessions (id),
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
INSERT INTO "log" VALUES(1,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',100.0,'2026-11-21T08:00:00.000000+00:00',1,1,'session started','{"specimen": "26-0417", "operator": "mb", "target": "200"}');
INSERT INTO "log" VALUES(2,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',101.0,'2026-11-21T08:00:01.000000+00:00',1,1,'cell counted','{"number": 1, "class": "neutrophil", "status": "counted"}');
INSERT INTO "log" VALUES(3,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',101.0,'2026-11-21T08:00:01.000000+00:00',1,1,'cell counted','{"number": 2, "class": "neutrophil", "status": "counted"}');
INSERT INTO "log" VALUES(4,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',101.0,'2026-11-21T08:00:01.000000+00:00',1,1,'cell counted','{"number": 3, "class": "lymphocyte", "status": "counted"}');
INSERT INTO "log" VALUES(5,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',102.0,'2026-11-21T08:00:02.000000+00:00',1,1,'cell counted','{"number": 4, "class": "lymphocyte", "status": "counted"}');
INSERT INTO "log" VALUES(6,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',102.0,'2026-11-21T08:00:02.000000+00:00',1,1,'cell merged','{"number": 4, "into": 1}');
CREATE TABLE pictures (
    session INTEGER NOT NULL,
    number INTEGER NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (session, number),
    FOREIGN KEY (session, number) REFERENCES cells (session, number)
) STRICT;
INSERT INTO "pictures" VALUES(1,1,X'89504E47');
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    specimen TEXT NOT NULL,
    operator TEXT NOT NULL,
    state TEXT NOT NULL,
    target_cells INTEGER,
    target_half_width REAL,
    bundle TEXT NOT NULL,
    bundle_sha256 TEXT NOT NULL,
    settings TEXT NOT NULL,
    calibration TEXT NOT NULL,
    device_serial TEXT NOT NULL,
    um_per_px REAL,
    started_boot_id TEXT NOT NULL,
    started_monotonic_s REAL NOT NULL,
    started_wall TEXT NOT NULL,
    started_clock_is_set INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    clock_is_set INTEGER NOT NULL,
    sequence INTEGER NOT NULL
) STRICT;
INSERT INTO "sessions" VALUES(1,'26-0417','mb','counting',200,NULL,'default 1.2','abababababababababababababababababababababababababababababababab','{"threads": 2}','{"gains": [1.5, 1.25]}','10000000abcdef01',0.1,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',100.0,'2026-11-21T08:00:00.000000+00:00',1,'6f0c8e5e-8a0d-4c35-9a39-2b8a1a7d3f10',100.0,'2026-11-21T08:00:00.000000+00:00',1,1);
CREATE UNIQUE INDEX one_session_is_open ON sessions ((1))
    WHERE state IN ('counting', 'paused', 'reached');
CREATE INDEX tally ON cells (session, status, class) WHERE merged_into IS NULL;
CREATE INDEX log_of_session ON log (session, sequence);
CREATE TRIGGER log_is_not_changed BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_is_not_replaced BEFORE INSERT ON log
WHEN EXISTS (SELECT 1 FROM log WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER cells_are_not_deleted BEFORE DELETE ON cells
BEGIN SELECT RAISE(ABORT, 'cells are merged, never deleted'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('sessions',1);
INSERT INTO "sqlite_sequence" VALUES('log',6);
COMMIT;
