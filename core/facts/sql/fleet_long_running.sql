-- Runs that say they are still running although they started long ago, oldest first. Grain: one run.
-- in_all: how many there are without the limit. Parameters: $before_ms, $limit.
SELECT source, run_id, coalesce(name, run_id) AS name, started_ms, count(*) OVER () AS in_all
FROM runs
WHERE lifecycle_stage = 'active' AND status IN ('RUNNING', 'SCHEDULED') AND started_ms < $before_ms
ORDER BY started_ms LIMIT $limit
