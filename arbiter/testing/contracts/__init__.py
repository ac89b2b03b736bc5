"""What every adapter of a port promises, as suites that an adapter's tests subclass."""
