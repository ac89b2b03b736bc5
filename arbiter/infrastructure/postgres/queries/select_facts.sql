-- select_facts: the next facts behind a position.
-- in:  after bigint, how_many bigint      out: topic, state, notification_id
SELECT facts.topic, facts.state, facts.notification_id
FROM arbiter.facts
WHERE facts.notification_id > %(after)s
ORDER BY facts.notification_id
LIMIT %(how_many)s
