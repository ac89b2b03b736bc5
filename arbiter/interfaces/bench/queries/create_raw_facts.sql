-- create_raw_facts: a table of the log's shape, with both of its indexes and nothing else.
CREATE TABLE arbiter.raw_facts (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigserial NOT NULL UNIQUE,
    PRIMARY KEY (originator_id, originator_version)
)
