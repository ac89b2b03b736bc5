-- inspect_role: could we do away with the guard of the log, or do more to it than append?
-- out: above: superuser or of the owner's kind; changes: may update, delete or truncate
SELECT
    roles.rolsuper OR pg_has_role(roles.oid, log.relowner, 'MEMBER') AS above,
    has_table_privilege(roles.oid, log.oid, 'UPDATE, DELETE, TRUNCATE') AS changes
FROM pg_catalog.pg_roles AS roles
JOIN pg_catalog.pg_class AS log ON log.oid = 'arbiter.facts'::regclass
WHERE roles.rolname = current_user
