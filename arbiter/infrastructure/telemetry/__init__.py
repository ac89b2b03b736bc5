"""OpenTelemetry by wrapping: what is traced does not know it."""
