"""Honest in-memory twins: they pass the same contract suites as PostgreSQL."""
