-- lock_incarnation: wait until every turn of an incarnation has ended: each holds this row while it lasts.
-- in:  incarnation uuid
SELECT workers.incarnation FROM arbiter.workers WHERE workers.incarnation = %(incarnation)s FOR UPDATE
