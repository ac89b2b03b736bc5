-- last_position: the place of the last fact.
-- out: notification_id, or 0 for an empty log
SELECT coalesce(max(facts.notification_id), 0) FROM arbiter.facts
