-- enter_log: wait until every append before us has ended, and keep others out until we commit.
-- out: the time of this append
SELECT arbiter.enter_log()
