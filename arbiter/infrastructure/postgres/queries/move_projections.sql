-- move_projections: record how far some projections have come, in the transaction of their views' rows.
-- in:  names text[], position bigint
UPDATE arbiter.projections SET position = %(position)s
WHERE projections.name = ANY (%(names)b::text[])
