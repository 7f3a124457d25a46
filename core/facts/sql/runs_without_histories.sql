-- Finished runs whose histories were not read yet, newest first. Grain: one run. Parameters: $source, $limit.
SELECT run_id FROM runs
WHERE source = $source AND NOT histories AND status NOT IN ('RUNNING', 'SCHEDULED') AND cardinality(metrics) > 0
  AND lifecycle_stage = 'active'
ORDER BY started_ms DESC NULLS LAST, run_id LIMIT $limit
