-- Staged runs whose lifecycle differs from what is known. Grain: one run. Staged: s_runs. Parameters: $source.
SELECT r.run_id, r.lifecycle_stage, s.lifecycle_stage
FROM runs AS r JOIN s_runs AS s ON r.source = $source AND r.run_id = s.run_id
WHERE r.lifecycle_stage <> s.lifecycle_stage
