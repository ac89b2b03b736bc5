-- select_projections: how far each projection has come.
-- out: name, position, error, error_position
SELECT projections.name, projections.position, projections.error, projections.error_position
FROM arbiter.projections
ORDER BY projections.name
