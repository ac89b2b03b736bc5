-- insert_projections: let projections that are new begin at the beginning.
-- in:  names text[]
INSERT INTO arbiter.projections (name)
SELECT wanted.name FROM unnest(%(names)b::text[]) AS wanted (name)
ON CONFLICT (name) DO NOTHING
