-- stop_projection: record the fact at which a projection cannot go on, and why.
-- in:  name text, position bigint, error text, at timestamptz
UPDATE arbiter.projections
SET error = %(error)s, error_position = %(position)s, error_at = %(at)s
WHERE projections.name = %(name)s
