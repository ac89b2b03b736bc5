-- move_projection: record how far a projection has come.
-- in:  name text, position bigint
UPDATE arbiter.projections SET position = %(position)s WHERE projections.name = %(name)s
