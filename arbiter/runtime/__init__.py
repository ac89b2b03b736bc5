"""Loops as run_once steps, and the thin outer shell that owns the threads."""
