"""Measurements of speed and memory, beside a raw probe of the same database."""
