"""The command line: every verb of the library, readable and as JSON."""
