-- count_remote_attempts: how many attempts agents have under way that one incarnation does not run.
-- in:  agents text[], me uuid      out: agent, how many
SELECT remote.agent, count(*)
FROM arbiter.remote_attempts AS remote
CROSS JOIN LATERAL (
    SELECT held.attempt_id, held.claimed_by FROM arbiter.ready_tasks AS held
    WHERE held.task_id = remote.task_id
) AS ready
WHERE remote.agent = ANY (%(agents)b::text[]) AND NOT remote.over
    AND ready.attempt_id = remote.attempt_id AND ready.claimed_by IS DISTINCT FROM %(me)s
GROUP BY remote.agent
