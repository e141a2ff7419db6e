-- Events that people and their tools mark, such as deploys.
CREATE TABLE annotation (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time_ms BIGINT NOT NULL,
    -- the same as time_ms for a moment
    time_end_ms BIGINT NOT NULL,
    text TEXT NOT NULL,
    -- JSON list
    tags TEXT NOT NULL,
    -- empty and 0 where it belongs to no dashboard, or to no panel
    dashboard_uid TEXT NOT NULL,
    panel_id BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE INDEX annotation_by_time ON annotation (time_ms, id);
CREATE INDEX annotation_by_end ON annotation (time_end_ms);
CREATE TABLE annotation_tag (
    annotation_id BIGINT NOT NULL REFERENCES annotation (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (tag, annotation_id)
);
CREATE INDEX annotation_tag_by_annotation ON annotation_tag (annotation_id);
