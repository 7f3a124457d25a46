-- Runs below a run, newest first. Grain: one run. Parameters: $source, $run_id, $limit.
SELECT source, run_id, name, status, lifecycle_stage, started_ms, ended_ms, metrics, params
FROM runs WHERE source = $source AND parent_run_id = $run_id
ORDER BY started_ms DESC NULLS LAST, run_id LIMIT $limit
