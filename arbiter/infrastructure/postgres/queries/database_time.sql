-- database_time: what time it is where the log is.
SELECT clock_timestamp()
