-- set_worker_status: close the row of an incarnation, step by step: live, lost, gone.
-- in:  incarnation uuid, was text, status text
UPDATE arbiter.workers SET status = %(status)s WHERE workers.incarnation = %(incarnation)s AND workers.status = %(was)s
