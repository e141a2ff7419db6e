-- Folders of dashboards; a file's folder is not here.
CREATE TABLE dashboard_folder (
    uid TEXT NOT NULL PRIMARY KEY,
    -- empty at the root
    parent_uid TEXT NOT NULL,
    title TEXT NOT NULL,
    -- rises with each change
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX dashboard_folder_by_parent ON dashboard_folder (parent_uid);

-- Dashboards that people save; a file's dashboard is not here.
CREATE TABLE dashboard (
    uid TEXT NOT NULL PRIMARY KEY,
    -- empty at the root
    folder_uid TEXT NOT NULL,
    title TEXT NOT NULL,
    -- JSON list
    tags TEXT NOT NULL,
    -- the newest one of dashboard_version
    version BIGINT NOT NULL,
    -- what its report says is not shown as it was meant
    problems BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX dashboard_by_folder ON dashboard (folder_uid);

-- What was saved each time; the oldest are forgotten.
CREATE TABLE dashboard_version (
    dashboard_uid TEXT NOT NULL REFERENCES dashboard (uid) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    -- JSON, as it was saved
    body TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    message TEXT NOT NULL,
    -- the version that was brought back, or 0
    restored_from BIGINT NOT NULL,
    PRIMARY KEY (dashboard_uid, version)
);
