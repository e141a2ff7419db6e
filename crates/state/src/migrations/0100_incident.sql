-- Incidents: one for each group of alerts that needs somebody's attention. INC-42 has id 42.
CREATE TABLE incident (
    id BIGINT NOT NULL PRIMARY KEY,
    group_key TEXT NOT NULL,
    -- of the route
    receiver TEXT NOT NULL,
    title TEXT NOT NULL,
    severity TEXT NOT NULL,
    -- open, acknowledged or resolved
    status TEXT NOT NULL,
    -- 1 while the process has to keep it in mind: open, or young enough to be reopened
    watched BIGINT NOT NULL,
    -- JSON objects
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    -- the query that raised the first alert; both empty when unknown
    language TEXT NOT NULL,
    expression TEXT NOT NULL,
    condition_since_ms BIGINT NOT NULL,
    opened_ms BIGINT NOT NULL,
    reopened_ms BIGINT,
    paged_ms BIGINT,
    acknowledged_ms BIGINT,
    acknowledged_by TEXT NOT NULL,
    resolved_ms BIGINT,
    resolved_by TEXT NOT NULL,
    -- 1 for the first opening, one more for each reopening
    round BIGINT NOT NULL,
    -- JSON as in the incident room; empty when nobody is paged
    escalation TEXT NOT NULL,
    last_flush_ms BIGINT NOT NULL,
    flush_interval_ms BIGINT NOT NULL
);
CREATE INDEX incident_by_status ON incident (status, id);
CREATE INDEX incident_by_watched ON incident (watched);
CREATE INDEX incident_by_resolved ON incident (resolved_ms);
-- The alerts of an incident, those that have left included.
CREATE TABLE incident_alert (
    incident_id BIGINT NOT NULL,
    -- hash of the labels
    fingerprint TEXT NOT NULL,
    -- firing, muted or resolved
    status TEXT NOT NULL,
    -- JSON as in the incident room
    body TEXT NOT NULL,
    PRIMARY KEY (incident_id, fingerprint)
);
-- What happened, in order. Rows are only ever added.
CREATE TABLE incident_event (
    incident_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    -- a person, or empty
    who TEXT NOT NULL,
    -- the reason in words, or empty
    why TEXT NOT NULL,
    PRIMARY KEY (incident_id, seq)
);
-- Pages: the intent before sending, the result after.
CREATE TABLE incident_page (
    incident_id BIGINT NOT NULL,
    round BIGINT NOT NULL,
    level TEXT NOT NULL,
    person TEXT NOT NULL,
    -- waiting, sending, sent, given_up or cancelled
    status TEXT NOT NULL,
    -- of the last attempt, or the first one to come: email, webhook, slack
    method TEXT NOT NULL,
    -- what may be shown of it
    address TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- positions of contacts that refused for good, as a JSON list
    refused TEXT NOT NULL,
    intended_ms BIGINT NOT NULL,
    next_attempt_ms BIGINT NOT NULL,
    sent_ms BIGINT,
    last_error TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (incident_id, round, level, person)
);
-- A person stands in for whoever would be on call.
CREATE TABLE on_call_override (
    id BIGINT NOT NULL PRIMARY KEY,
    level TEXT NOT NULL,
    person TEXT NOT NULL,
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX on_call_override_by_end ON on_call_override (until_ms);
-- Keys that are made on the first start, such as the one that signs links.
CREATE TABLE kept_key (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
