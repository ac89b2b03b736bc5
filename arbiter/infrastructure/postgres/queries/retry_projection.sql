-- retry_projection: let a projection that stopped try again.
-- in:  name text
UPDATE arbiter.projections SET error = NULL, error_position = NULL, error_at = NULL
WHERE projections.name = %(name)s AND projections.error IS NOT NULL
