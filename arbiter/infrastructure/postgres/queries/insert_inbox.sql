-- insert_inbox: leave a submission in the caller's own transaction; it takes effect at that commit.
-- in:  task_id uuid, topics text[], states bytea[], ready jsonb, word text
INSERT INTO arbiter.inbox (task_id, topics, states, ready, word)
VALUES (
    %(task_id)s::uuid, %(topics)s::text[], %(states)s::bytea[], %(ready)s::jsonb, %(word)s::text
)
