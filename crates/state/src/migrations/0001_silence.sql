-- Silences: who asked for quiet about which alerts, and for how long.
CREATE TABLE silence (
    id TEXT NOT NULL PRIMARY KEY,
    -- JSON: [{"name": …, "op": "=", "value": …}, …]
    matchers TEXT NOT NULL,
    starts_at_ms BIGINT NOT NULL,
    ends_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    comment TEXT NOT NULL
);
CREATE INDEX silence_by_end ON silence (ends_at_ms);
