"""A PostgreSQL of one's own: started when none is named, stopped when its last user leaves."""
