"""`arbiter demo`: real reviewers do real work on real files, as agents."""
