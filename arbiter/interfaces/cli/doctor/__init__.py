"""Everything `arbiter doctor` looks at."""
