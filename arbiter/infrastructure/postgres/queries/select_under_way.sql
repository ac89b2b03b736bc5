-- select_under_way: how many assigned and running tasks each agent has.
SELECT board.agent, count(*)
FROM arbiter.task_board AS board
WHERE board.status IN ('assigned', 'running') AND board.agent IS NOT NULL
GROUP BY board.agent
