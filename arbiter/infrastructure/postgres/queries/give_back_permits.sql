-- give_back_permits: drop the permits of attempts that are over, and say so if there were any.
-- in:  channel text      out: how many
WITH dropped AS MATERIALIZED (
    SELECT arbiter.drop_permits() AS permits
), announced AS MATERIALIZED (
    SELECT pg_notify(%(channel)s, 'agents') FROM dropped WHERE dropped.permits > 0
)
SELECT dropped.permits + 0 * (SELECT count(*) FROM announced) FROM dropped
