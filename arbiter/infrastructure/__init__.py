"""The adapters: everything that speaks to a database, a process or a telemetry backend."""
