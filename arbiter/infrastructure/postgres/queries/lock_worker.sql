-- lock_worker: keep an incarnation from claiming while its fate is decided.
-- in:  incarnation uuid, beat bigint (null for any)      out: one row if it is live and has not beaten since
SELECT workers.beat
FROM arbiter.workers
WHERE workers.incarnation = %(incarnation)s AND workers.status = 'live'
    AND workers.beat = coalesce(%(beat)s::bigint, workers.beat)
FOR UPDATE
