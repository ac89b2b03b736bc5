"""Doors for people and machines: outermost, and imported by nothing."""
