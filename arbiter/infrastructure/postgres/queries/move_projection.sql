-- move_projection: record how far a projection has come; it never goes back.
-- in:  name text, position bigint
UPDATE arbiter.projections SET position = %(position)s
WHERE projections.name = %(name)s AND projections.position < %(position)s
