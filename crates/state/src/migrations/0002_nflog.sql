-- The notification log: what each integration of a receiver was last told about a group.
CREATE TABLE nflog (
    group_key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    -- as `webhook`
    integration TEXT NOT NULL,
    -- position among the receiver's integrations of that kind
    position BIGINT NOT NULL,
    -- The intent: written before sending, cleared with the result. NULL when nothing is on its way.
    intent_at_ms BIGINT,
    intent_until_ms BIGINT,
    intent_holder TEXT,
    -- JSON lists of fingerprints
    intent_firing TEXT,
    intent_resolved TEXT,
    -- The last delivery that succeeded; NULL before the first.
    sent_at_ms BIGINT,
    firing TEXT NOT NULL,
    resolved TEXT NOT NULL,
    -- What the receiver itself has to remember, as the Message-ID that a thread began with.
    receiver_data TEXT NOT NULL,
    -- The last failure since the last success, and how many there were.
    failed_at_ms BIGINT,
    failures BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (group_key, receiver, integration, position)
);
CREATE INDEX nflog_by_expiry ON nflog (expires_at_ms);
