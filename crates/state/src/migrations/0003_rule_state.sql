-- What a rule group has to remember across restarts, as JSON that the rules room writes.
CREATE TABLE rule_state (
    group_key TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    saved_at_ms BIGINT NOT NULL
);
