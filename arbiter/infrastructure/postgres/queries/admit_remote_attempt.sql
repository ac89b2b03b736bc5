-- admit_remote_attempt: note an attempt before it is sent to its agent outside, if the agent has room for it.
-- in:  attempt_id, task_id uuid, agent, queue text, at timestamptz, most int      out: whether it has
SELECT arbiter.admit_remote_attempt(
    %(attempt_id)s, %(task_id)s, %(agent)s::text, %(queue)s::text, %(at)s, %(most)s
)
