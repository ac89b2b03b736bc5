"""Views of the log: one file each, the pure fold beside the interface of what it fills."""
