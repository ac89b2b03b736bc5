-- set_agent_status: put in force whether an agent takes new tasks.
-- in:  name, version, status, at, by, why
UPDATE arbiter.agents SET
    version = %(version)s,
    status = %(status)s,
    status_at = %(at)s::timestamptz,
    status_by = %(by)s::text,
    status_why = %(why)s::text
WHERE agents.name = %(name)s
