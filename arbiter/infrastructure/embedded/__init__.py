"""PostgreSQL from a wheel, shared by the processes of one machine and gone with the last of them.

Nothing is imported here: the supervisor loads this folder without the rest of Arbiter, so that it
starts in milliseconds and stays small. Users import `EmbeddedPostgres` from `.server`.
"""
