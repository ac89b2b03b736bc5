-- describe_role: is there such a role, and would it be above the guard of the log?
-- in:  role text
-- out: one row if the role exists: whether it may do anything with the log's table
SELECT roles.rolsuper OR pg_has_role(roles.oid, record.relowner, 'MEMBER')
FROM pg_catalog.pg_roles AS roles
JOIN pg_catalog.pg_class AS record ON record.oid = 'arbiter.migrations'::regclass
WHERE roles.rolname = %(role)s
