-- beat: raise an incarnation's counter, and see who else there is. One update per worker and beat.
-- in:  me uuid      out: incarnation, beat, status, the database's time, whether we are live still
WITH mine AS (
    UPDATE arbiter.workers SET beat = workers.beat + 1
    WHERE workers.incarnation = %(me)s AND workers.status = 'live'
    RETURNING workers.incarnation
)
SELECT
    workers.incarnation, workers.beat, workers.status, clock_timestamp(),
    (SELECT count(*) FROM mine) = 1
FROM arbiter.workers
WHERE workers.status <> 'gone'
