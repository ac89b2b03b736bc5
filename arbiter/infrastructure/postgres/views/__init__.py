"""The views on PostgreSQL: one file each for what is written, one for what is read."""
