-- Alerts that were accepted, so that none is forgotten when the process dies before it is sent on.
CREATE TABLE alert (
    -- the fingerprint of its labels, as 16 hexadecimal digits
    fingerprint TEXT NOT NULL PRIMARY KEY,
    -- JSON as in the alerting room
    body TEXT NOT NULL,
    ends_at_ms BIGINT NOT NULL
);
CREATE INDEX alert_by_end ON alert (ends_at_ms);
